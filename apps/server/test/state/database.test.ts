import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { temporaryFolder } from '../support/folder.ts';

const now = () => Date.parse('2026-01-02T03:04:05Z');
const quiet = () => {};

function filled(path: string): void {
  const database = openDatabase(path, quiet, now);
  const facts = new Facts(database);
  for (let n = 0; n < 500; n++) facts.set(`fact ${n}`, 'x'.repeat(200));
  database.close();
}

test('what was written is there again', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sidestep.db');
  filled(path);
  const database = openDatabase(path, quiet, now);
  expect(new Facts(database).get('fact 499')).toBe('x'.repeat(200));
  expect(database.movedTo).toBeNull();
  database.close();
});

test('what was written is there again when the process was killed', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sidestep.db');
  const database = openDatabase(path, quiet, now);
  new Facts(database).set('fact', 1);
  // The files as they are while the database is still open.
  for (const end of ['', '-wal']) copyFileSync(path + end, join(folder.path, `copy.db${end}`));
  const copy = openDatabase(join(folder.path, 'copy.db'), quiet, now);
  expect(new Facts(copy).get('fact')).toBe(1);
  copy.close();
  database.close();
});

describe('a damaged database', () => {
  test.each([
    [
      'that is something else',
      (path: string) => writeFileSync(path, 'not a database at all, but long enough to be looked at'),
    ],
    [
      'with a page overwritten',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes.fill(0xab, 8192, 40_960);
        writeFileSync(path, bytes);
      },
    ],
    ['that was cut off', (path: string) => truncateSync(path, 50_000)],
  ] as const)('%s is moved aside, said, and replaced', (_words, damage) => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'sidestep.db');
    filled(path);
    damage(path);
    const damaged = readFileSync(path);
    const log: string[] = [];
    const database = openDatabase(path, (line) => log.push(line), now);
    const { movedTo } = database;
    expect(movedTo).toBe(`${path}.corrupt-2026-01-02T03-04-05.000Z`);
    expect(readFileSync(movedTo ?? '').equals(damaged)).toBe(true);
    expect(log).toEqual([expect.stringContaining(`moved to ${movedTo}`)]);
    new Facts(database).set('fact', 1);
    expect(new Facts(database).get('fact 1')).toBeUndefined();
    database.close();
  });
});

test('a database that is damaged while it is used is moved aside, and what is in memory kept in another one', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sidestep.db');
  const log: string[] = [];
  const database = openDatabase(path, (line) => log.push(line), now);
  const facts = new Facts(database);
  facts.set('before', 1);
  // In another one's place, for pages of its own SQLite would not read again, and what has yet to be written would repair it.
  renameSync(path, `${path}.old`);
  rmSync(`${path}-wal`);
  writeFileSync(path, 'damaged '.repeat(1000));
  database.restore();
  expect(database.trouble).toBeNull();
  expect(database.movedTo).toBe(`${path}.corrupt-2026-01-02T03-04-05.000Z`);
  expect(log).toEqual([expect.stringContaining('is damaged')]);
  facts.set('after', 2);
  database.close();
  const kept = new Facts(openDatabase(path, quiet, now));
  expect([kept.get('before'), kept.get('after')]).toEqual([1, 2]);
});

test('an empty file is a fresh database', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sidestep.db');
  writeFileSync(path, '');
  const database = openDatabase(path, quiet, now);
  expect(database.movedTo).toBeNull();
  database.close();
});

test('a database of a newer Sidestep is left alone', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sidestep.db');
  const newer = new DatabaseSync(path);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  expect(() => openDatabase(path, quiet, now)).toThrow('newer Sidestep');
  expect(existsSync(path)).toBe(true);
  expect(readdirSync(folder.path).filter((name) => name.includes('corrupt'))).toEqual([]);
});

describe('a disk that does not take what it is given', () => {
  /** A database whose file nobody can write, for a limit that counts for its connection only. */
  function full(path: string) {
    const database = openDatabase(path, quiet, now);
    const facts = new Facts(database);
    facts.set('before', 1);
    rmSync(path);
    mkdirSync(path);
    return { database, facts };
  }

  const again = (path: string) => {
    rmdirSync(path);
    const database = openDatabase(path, quiet, now);
    return new Facts(database);
  };

  test('costs nothing that is in memory, and has it all when it is back', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'sidestep.db');
    const { database, facts } = full(path);
    expect(() => database.restore()).toThrow();
    expect(database.trouble).not.toBeNull();
    for (const name of ['one', 'two']) facts.set(name, name);
    expect([facts.get('before'), facts.get('one'), facts.get('two')]).toEqual([1, 'one', 'two']);
    rmdirSync(path);
    database.restore();
    expect(database.trouble).toBeNull();
    facts.set('three', 'three');
    database.close();
    const kept = new Facts(openDatabase(path, quiet, now));
    expect(['before', 'one', 'two', 'three'].map((name) => kept.get(name))).toEqual([
      1,
      'one',
      'two',
      'three',
    ]);
  });

  test('refuses what must be saved, and changes nothing', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'sidestep.db');
    const { database, facts } = full(path);
    expect(() => facts.save('before', 2)).toThrow();
    expect(facts.get('before')).toBe(1);
    database.close();
    expect(again(path).get('before')).toBeUndefined();
  });

  test('gets what it lacks at the very end', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'sidestep.db');
    {
      using database = full(path).database;
      new Facts(database).set('late', 1);
      rmdirSync(path);
    }
    expect(new Facts(openDatabase(path, quiet, now)).get('late')).toBe(1);
  });
});
