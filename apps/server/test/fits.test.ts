import { expect, test } from 'vitest';
import { fits } from '../src/fits.ts';

test('room fits until more is needed, or far less', () => {
  expect(fits(0, 1)).toBe(false);
  expect(fits(100_000, 100_001)).toBe(false);
  expect(fits(100_000, 100_000)).toBe(true);
  expect(fits(100_000, 25_000)).toBe(true);
  expect(fits(100_000, 24_999)).toBe(false);
});

test('little is not given back', () => {
  expect(fits(4096, 0)).toBe(true);
});
