import { expect, test } from 'vitest';
import { cutAtHits, nextHit } from './find.ts';

test.each([
  ['abc', '', ['abc']],
  ['abc', 'x', ['abc']],
  ['redis to Redis', 'redis', ['', 'redis', ' to ', 'Redis', '']],
  ['aaa', 'aa', ['', 'aa', 'a']],
])('%s cut at %s', (text, wanted, pieces) => {
  expect(cutAtHits(text, wanted)).toEqual(pieces);
  expect(cutAtHits(text, wanted).join('')).toBe(text);
});

test('hits go round in both directions', () => {
  expect(nextHit([9, 5, 2], null, 1)).toBe(9);
  expect(nextHit([9, 5, 2], 9, 1)).toBe(5);
  expect(nextHit([9, 5, 2], 2, 1)).toBe(9);
  expect(nextHit([9, 5, 2], 9, -1)).toBe(2);
  expect(nextHit([9, 5, 2], 7, 1)).toBe(9);
  expect(nextHit([], 7, 1)).toBeNull();
});
