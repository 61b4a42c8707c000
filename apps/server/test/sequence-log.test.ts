import { expect, test } from 'vitest';
import { SequenceLog } from '../src/sequence-log.ts';

interface Entry {
  readonly seq: number;
  readonly word: string;
}

function logOf(capacity: number, newest: number, ...words: string[]) {
  const log = new SequenceLog<Entry>(capacity, newest);
  log.append(words.map((word) => ({ word })));
  return log;
}

const words = (entries: readonly Entry[]) => entries.map(({ word }) => word).join('');

test('numbers go on from where an earlier process stopped', () => {
  const log = logOf(10, 41, 'a', 'b');
  expect(log.after(41, 10).entries).toEqual([
    { seq: 42, word: 'a' },
    { seq: 43, word: 'b' },
  ]);
  expect(log.newest).toBe(43);
});

test('reading goes on where it stopped, at most so many at a time', () => {
  const log = logOf(10, 0, 'a', 'b', 'c');
  const first = log.after(0, 2);
  expect([words(first.entries), first.last, first.missed]).toEqual(['ab', 2, 0]);
  const second = log.after(first.last, 2);
  expect([words(second.entries), second.last, second.missed]).toEqual(['c', 3, 0]);
});

test('what the ring no longer holds is counted as missed', () => {
  const log = logOf(3, 0, 'a', 'b', 'c', 'd', 'e');
  const read = log.after(1, 10);
  expect([words(read.entries), read.last, read.missed]).toEqual(['cde', 5, 1]);
});

test('what an earlier process had is missed as well', () => {
  const log = logOf(3, 100, 'x');
  expect(log.after(90, 10)).toMatchObject({ last: 101, missed: 10 });
});

test('a number from the future counts as the newest', () => {
  const log = logOf(3, 0, 'a');
  expect(log.after(999, 10)).toEqual({ entries: [], last: 1, missed: 0 });
});

test('the newest that pass, oldest first', () => {
  const log = logOf(4, 0, 'a', 'b', 'c', 'd', 'e');
  expect(words(log.before(6, 2, () => true))).toBe('de');
  expect(words(log.before(5, 2, () => true))).toBe('cd');
  expect(words(log.before(6, 10, ({ word }) => word !== 'c'))).toBe('bde');
  expect(words(log.before(2, 10, () => true))).toBe('');
});

test('more entries at once than the ring holds', () => {
  const log = logOf(2, 0, 'a', 'b', 'c', 'd', 'e');
  expect(words(log.after(0, 10).entries)).toBe('de');
  log.append([{ word: 'f' }]);
  expect(words(log.after(0, 10).entries)).toBe('ef');
});
