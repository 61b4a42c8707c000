import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadToken } from '../../src/sign-in/token.ts';
import { temporaryFolder } from '../support/folder.ts';

const quiet = () => {};

test('made once, for the owner only, and kept', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'token');
  const token = loadToken(path, quiet);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
  expect(loadToken(path, quiet)).toBe(token);
});

test('one that others could have read is replaced, and the log says so', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'token');
  const log: string[] = [];
  const token = loadToken(path, quiet);
  chmodSync(path, 0o644);
  expect(loadToken(path, (line) => log.push(line))).not.toBe(token);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(log).toHaveLength(1);
});

test('a file that holds no token is replaced', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'token');
  writeFileSync(path, '', { mode: 0o600 });
  expect(loadToken(path, quiet)).toMatch(/^[\w-]{43}$/);
});
