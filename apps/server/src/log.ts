import { plain } from '@sidestep/shared';

/** Says one thing that happened, in one line. */
export type Log = (line: string) => void;

/** A log, each line with its time (UTC). Line breaks inside a message become spaces: one line, one thing. What else would move a terminal's cursor becomes `?`. */
export function createLog(write: (text: string) => void): Log {
  return (line) => {
    const joined = line.replace(/\s*[\r\n]\s*/g, ' ');
    write(`${new Date().toISOString()} ${plain(joined)}\n`);
  };
}

/** What an unknown thrown value says, without its stack. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
