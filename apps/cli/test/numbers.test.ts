import { expect, test } from 'vitest';
import { bytes, short, span } from '../src/numbers.ts';

test.each([
  [0, '0'],
  [7, '7'],
  [0.5, '0.5'],
  [999, '999'],
  [999.6, '1 k'],
  [1000, '1 k'],
  [1234, '1.23 k'],
  [12_345, '12.3 k'],
  [123_456, '123 k'],
  [999_499, '999 k'],
  [999_500, '1 M'],
  [41_200_000, '41.2 M'],
  [5e18, '5000 P'],
])('%d is %s', (value, text) => {
  expect(short(value)).toBe(text);
});

test('bytes carry their unit', () => {
  expect([bytes(0), bytes(999), bytes(1500), bytes(1.24e9)]).toEqual(['0 B', '999 B', '1.5 kB', '1.24 GB']);
});

test('time spans in their largest unit', () => {
  expect([-5, 0, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000].map(span)).toEqual([
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h',
    '1 d',
  ]);
});
