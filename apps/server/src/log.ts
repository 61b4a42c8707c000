/** Says one thing that happened, in one line. */
export type Log = (line: string) => void;

/** A log, each line with its time (UTC). Line breaks inside a message become spaces: one line, one thing. What else would move a terminal's cursor becomes `?`. */
export function createLog(write: (text: string) => void): Log {
  return (line) => write(`${new Date().toISOString()} ${plain(line)}\n`);
}

// Names in messages come from others, and a log is often read in a terminal.
function plain(line: string): string {
  return line.replace(/\s*[\r\n]\s*/g, ' ').replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '?');
}

/** What an unknown thrown value says, without its stack. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
