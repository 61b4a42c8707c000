import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { programName } from '../../src/dataplane/program-name.ts';

test('a program that the kernel knows by its main thread is called by its executable', () => {
  expect(programName({ pid: process.pid, comm: 'MainThread' })).toBe(basename(process.execPath));
});

test('every other name stays, and so does that of a process that is gone', () => {
  expect(programName({ pid: process.pid, comm: 'redis-server' })).toBe('redis-server');
  expect(programName({ pid: 2 ** 30, comm: 'MainThread' })).toBe('MainThread');
});
