import { existsSync, renameSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { fileIdAt } from '../file-id.ts';
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

const TABLES = ['facts', 'sessions', 'statistics', 'marks'];

const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Changes what is kept. */
export interface Change {
  /** What the disk does not take is in memory all the same, and reaches the disk when it can. */
  run(...values: SQLInputValue[]): void;
  /** Throws what the disk answers when it does not take it; then nothing has changed. */
  save(...values: SQLInputValue[]): void;
}

/** Moves a damaged file away, and answers where to. */
type SetAside = (path: string, error: unknown) => string;
const notAtAll: SetAside = (_path, error) => {
  throw error;
};

/**
 * What the daemon keeps. It is read from memory and written to both, memory and disk, so that a disk that is full, broken, read-only or
 * gone costs nothing as long as the daemon runs, and has everything again soon after it is back.
 */
export class Database implements Disposable {
  readonly #memory = new DatabaseSync(':memory:');
  readonly #path: string | null;
  readonly #setAside: SetAside;
  #disk: Disk | null = null;
  #trouble: unknown = null;
  #movedTo: string | null = null;

  /** `path` null: in memory only. Throws what the disk answers, and `Refusal` when a newer version wrote it. A damaged one is set aside. */
  constructor(path: string | null, setAside: SetAside = notAtAll) {
    this.#path = path;
    this.#setAside = setAside;
    migrate(this.#memory);
    if (path === null) return;
    this.#disk = this.#open(path);
    this.#copy('main', 'disk');
  }

  /** Where a damaged file was moved to the last time that there was one; null when there was none. */
  get movedTo(): string | null {
    return this.#movedTo;
  }

  #open(path: string): Disk {
    try {
      return new Disk(path);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#movedTo = this.#setAside(path, error);
      return new Disk(path);
    }
  }

  /** What the disk answered, as long as it lacks what is in memory; else null. */
  get trouble(): unknown {
    return this.#trouble;
  }

  /** For reading. */
  prepare(sql: string): StatementSync {
    return this.#memory.prepare(sql);
  }

  /** `sql` is one statement. */
  change(sql: string): Change {
    const inMemory = this.#memory.prepare(sql);
    return {
      run: (...values) => {
        inMemory.run(...values);
        if (this.#trouble !== null) return;
        try {
          this.#disk?.run(sql, values);
        } catch (error) {
          this.#trouble = error;
        }
      },
      save: (...values) => {
        this.restore();
        this.#disk?.run(sql, values);
        inMemory.run(...values);
      },
    };
  }

  /** Brings the disk up to what is in memory, where it lacks something or somebody has taken its file away. Throws what the disk answers. */
  restore(): void {
    if (this.#path === null || (this.#trouble === null && this.#disk?.isThere)) return;
    try {
      this.#disk?.close();
      this.#disk = this.#open(this.#path);
      this.#copy('disk', 'main');
      this.#trouble = null;
    } catch (error) {
      this.#trouble = error;
      throw error;
    }
  }

  close(): void {
    this.#disk?.close();
    this.#memory.close();
  }

  /** Not before a last attempt to bring the disk up to what is in memory. */
  [Symbol.dispose](): void {
    try {
      this.restore();
    } finally {
      this.close();
    }
  }

  /** All of it, or nothing. */
  #copy(to: 'main' | 'disk', from: 'main' | 'disk'): void {
    this.#memory.prepare('ATTACH ? AS disk').run(this.#path);
    try {
      this.#memory.exec('BEGIN');
      for (const table of TABLES)
        this.#memory.exec(
          `DELETE FROM ${to}.${table}; INSERT INTO ${to}.${table} SELECT * FROM ${from}.${table}`,
        );
      this.#memory.exec('COMMIT');
    } catch (error) {
      if (this.#memory.isTransaction) this.#memory.exec('ROLLBACK');
      throw error;
    } finally {
      this.#memory.exec('DETACH disk');
    }
  }
}

/** The file. */
class Disk {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #id: string | null;

  constructor(path: string) {
    this.#path = path;
    this.#database = openSound(path);
    this.#id = fileIdAt(path);
  }

  /** Nobody has taken the file away, which SQLite would not notice. */
  get isThere(): boolean {
    return fileIdAt(this.#path) === this.#id;
  }

  run(sql: string, values: readonly SQLInputValue[]): void {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    statement.run(...values);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/**
 * Opens the daemon's database and brings it up to date. A damaged one is moved aside, never deleted, and a fresh one takes its
 * place, also where that happens while the daemon runs: then with all that is in memory. Throws `Refusal` when the database is of a newer version.
 */
export function openDatabase(path: string, log: Log, now: () => number): Database {
  return new Database(path, (damaged, error) => {
    const movedTo = `${damaged}.corrupt-${new Date(now()).toISOString().replaceAll(':', '-')}`;
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(damaged + end)) renameSync(damaged + end, movedTo + end);
    }
    log(
      `The database ${damaged} is damaged (${wordsOf(error)}). It was moved to ${movedTo}; a fresh one takes its place.`,
    );
    return movedTo;
  });
}

/** A database that lives in memory, for trying things out. */
export function memoryDatabase(): Database {
  return new Database(null);
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
