import { expect, test } from 'vitest';
import { Progress, spanWords } from '../src/progress.ts';

test('what is left is the plan, stretched by how it held so far', () => {
  let now = 0;
  const progress = new Progress(100, () => now);
  now = 20_000;
  expect(progress.step(10)).toBe('10 %, 3 min left');
  now = 150_000;
  expect(progress.step(80)).toBe('90 %, 17 s left');
  expect(progress.step(10)).toBe('100 %, 0 s left');
});

test('spans are told in the unit that fits', () => {
  expect(spanWords(12.2)).toBe('13 s');
  expect(spanWords(100)).toBe('2 min');
});
