import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { LogOutput } from '../src/log-output.ts';
import { temporaryFolder } from './support/folder.ts';

const LINE = `${'x'.repeat(99)}\n`;

test('a file goes on where it ended, and only its owner reads it', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'daemon.log');
  for (const text of ['one\n', 'two\n']) new LogOutput(path).write(text);
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that has grown is begun afresh, with one older file and no line lost in between', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'daemon.log');
  const output = new LogOutput(path, 1000);
  for (let n = 0; n < 25; n++) output.write(LINE);
  expect(readdirSync(folder.path).sort()).toEqual(['daemon.log', 'daemon.log.1']);
  expect(readFileSync(`${path}.1`, 'utf8')).toBe(LINE.repeat(11));
  expect(readFileSync(path, 'utf8')).toBe(LINE.repeat(3));
});

test('who else writes to the file goes on doing so when it is begun afresh', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'daemon.log');
  const output = new LogOutput(path, 1000);
  const { ino } = statSync(path);
  appendFileSync(path, LINE.repeat(11));
  output.write('one\n');
  expect(readFileSync(path, 'utf8')).toBe('one\n');
  expect(statSync(path).ino).toBe(ino);
});

test('a file that was taken away is made again', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'daemon.log');
  const output = new LogOutput(path);
  output.write('one\n');
  rmSync(path);
  output.write('two\n');
  expect(readFileSync(path, 'utf8')).toBe('two\n');
});

test('nothing is written through a link, at the start or later', () => {
  using folder = temporaryFolder();
  const [path, victim] = [join(folder.path, 'daemon.log'), join(folder.path, 'victim')];
  writeFileSync(victim, 'precious');
  symlinkSync(victim, path);
  expect(() => new LogOutput(path)).toThrow('ELOOP');
  rmSync(path);
  const output = new LogOutput(path, 1000);
  symlinkSync(victim, `${path}.1`);
  for (let n = 0; n < 12; n++) output.write(LINE);
  expect(readFileSync(`${path}.1`, 'utf8')).toBe(LINE.repeat(11));
  rmSync(path);
  symlinkSync(victim, path);
  output.write('lost\n');
  expect(readFileSync(victim, 'utf8')).toBe('precious');
  rmSync(path);
  output.write('one\n');
  expect(readFileSync(path, 'utf8')).toBe('Lines missing here: 1. Nobody could take them.\none\n');
});

test('what nobody took is counted, and the count is said when it goes on', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'inner', 'daemon.log');
  mkdirSync(dirname(path));
  const output = new LogOutput(path);
  rmSync(dirname(path), { recursive: true });
  for (let n = 0; n < 3; n++) output.write('lost\n');
  mkdirSync(dirname(path));
  for (const text of ['one\n', 'two\n']) output.write(text);
  expect(readFileSync(path, 'utf8')).toBe('Lines missing here: 3. Nobody could take them.\none\ntwo\n');
});

test('a file that cannot be had is an error at once', () => {
  expect(() => new LogOutput('/nowhere/daemon.log')).toThrow('ENOENT');
});

test('a full disk is no reason to stop', () => {
  const output = new LogOutput('/dev/full');
  expect(() => output.write('one\n')).not.toThrow();
});
