/** Says one thing that happened, in one line. */
export type Log = (line: string) => void;

/** A log on standard output, each line with its time (UTC). Line breaks inside a message become spaces: one line, one thing. */
export function createLog(write: (text: string) => void = (text) => process.stdout.write(text)): Log {
  return (line) => write(`${new Date().toISOString()} ${line.replace(/\s*\n\s*/g, ' ')}\n`);
}

/** What an unknown thrown value says, without its stack. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
