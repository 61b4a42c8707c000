import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Log, wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';

/** Each entry brings the schema from its index to the next version. Never edit one that has been released: add another. */
const MIGRATIONS = [
  `CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE sessions (hash BLOB PRIMARY KEY, expires INTEGER NOT NULL) STRICT;
   CREATE TABLE statistics (
     at INTEGER PRIMARY KEY, seconds INTEGER NOT NULL,
     bytes_bypass REAL NOT NULL, bytes_stack REAL NOT NULL, messages_bypass REAL NOT NULL, messages_stack REAL NOT NULL,
     connections_bypass REAL NOT NULL, connections_stack REAL NOT NULL, events REAL NOT NULL) STRICT;
   CREATE TABLE marks (at INTEGER NOT NULL, word TEXT NOT NULL) STRICT;`,
];

const CORRUPT = 11;
const NOT_A_DATABASE = 26;

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  /** Where a damaged database was moved to, if that happened. */
  readonly movedTo: string | null;
}

/**
 * Opens the daemon's database and brings it up to date. A damaged one is moved aside, never deleted, and a fresh one takes its
 * place. Throws `Refusal` when the database is of a newer version.
 */
export function openDatabase(path: string, log: Log, now: () => number): OpenedDatabase {
  try {
    return { database: openSound(path), movedTo: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const movedTo = `${path}.corrupt-${new Date(now()).toISOString().replaceAll(':', '-')}`;
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(path + end)) renameSync(path + end, movedTo + end);
    }
    log(
      `The database ${path} is damaged (${wordsOf(error)}). It was moved to ${movedTo}; a fresh one takes its place.`,
    );
    return { database: openSound(path), movedTo };
  }
}

/** A database that lives in memory, for trying things out. */
export function memoryDatabase(): DatabaseSync {
  return openSound(':memory:');
}

class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

function openSound(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 1000 });
  try {
    const check = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (check !== 'ok') throw new DamagedError(String(check));
    // The process may be killed at any time without losing a write; only a power failure may lose the last ones.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > MIGRATIONS.length) {
    throw new Refusal(
      'The database in the state folder was written by a newer Sidestep.',
      'Update Sidestep, or choose another folder with --state-dir.',
    );
  }
  MIGRATIONS.slice(version).forEach((sql, index) => {
    database.exec(`BEGIN; ${sql}; PRAGMA user_version = ${version + index + 1}; COMMIT`);
  });
}

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedError) return true;
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  return code === CORRUPT || code === NOT_A_DATABASE;
}
