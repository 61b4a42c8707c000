import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatExact, niceCeiling, plural } from './number.ts';

test.each([
  [0, '0'],
  [7, '7'],
  [0.42, '0.4'],
  [0.999, '1'],
  [41.26, '41.3'],
  [36, '36'],
  [999, '999'],
  [999.4, '999'],
  [999.6, '1\u2009k'],
  [1000, '1\u2009k'],
  [1234, '1.23\u2009k'],
  [38_000, '38\u2009k'],
  [41_249, '41.2\u2009k'],
  [999_499, '999\u2009k'],
  [999_500, '1\u2009M'],
  [1_240_000, '1.24\u2009M'],
  [-1500, '−1.5\u2009k'],
  [4e18, '4000\u2009P'],
])('%d reads %s', (value, words) => {
  expect(formatCount(value)).toBe(words);
});

test('bytes carry a unit with a thin space', () => {
  expect(formatBytes(0)).toBe('0\u2009B');
  expect(formatBytes(999)).toBe('999\u2009B');
  expect(formatBytes(44_100)).toBe('44.1\u2009kB');
  expect(formatBytes(1_200_000_000)).toBe('1.2\u2009GB');
});

test('the exact value keeps every digit', () => {
  expect(formatExact(1_240_312)).toBe('1\u2009240\u2009312');
  expect(formatExact(999)).toBe('999');
  expect(formatExact(-1000)).toBe('−1\u2009000');
  expect(formatExact(1234.56)).toBe('1\u2009234.6');
});

test('one is singular', () => {
  expect(plural(1, 'event')).toBe('1 event');
  expect(plural(0, 'event')).toBe('0 events');
  expect(plural(1204, 'event')).toBe('1\u2009204 events');
  expect(plural(2, 'entry', 'entries')).toBe('2 entries');
});

test.each([
  [0, 1],
  [1, 1],
  [3, 5],
  [7, 10],
  [10, 10],
  [11, 20],
  [1_240_000, 2_000_000],
  [0.03, 1],
])('an axis for %d ends at %d', (value, ceiling) => {
  expect(niceCeiling(value)).toBeCloseTo(ceiling);
});
