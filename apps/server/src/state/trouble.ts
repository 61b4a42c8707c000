import { wordsOf } from '../log.ts';

/** Why nothing can be written, as the end of a sentence, and the beginning of a sentence that says what to do. */
export interface DiskTrouble {
  readonly words: string;
  readonly remedy: string;
}

const FULL = { words: 'the disk is full', remedy: 'Make room' };
const READ_ONLY = { words: 'the file system is read-only', remedy: 'Make files writable again' };
const BROKEN = {
  words: 'the disk answers with an error',
  remedy: 'Look for its cause in dmesg, and put it right',
};

const BY_CODE: Readonly<Record<string, DiskTrouble>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EROFS: READ_ONLY,
  EIO: BROKEN,
};

/** SQLite's primary result codes. */
const BY_RESULT: Readonly<Record<number, DiskTrouble>> = { 8: READ_ONLY, 10: BROKEN, 13: FULL };

/** Null when the error is not one of a disk. */
export function knownTrouble(error: unknown): DiskTrouble | null {
  if (!(error instanceof Error)) return null;
  if ('errcode' in error) return BY_RESULT[Number(error.errcode) & 0xff] ?? null;
  return 'code' in error ? (BY_CODE[String(error.code)] ?? null) : null;
}

export function diskTrouble(error: unknown): DiskTrouble {
  return knownTrouble(error) ?? { words: wordsOf(error), remedy: 'See that files can be written' };
}
