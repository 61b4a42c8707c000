import { expect, test } from 'vitest';
import { median, spreadOf } from '../src/statistics.ts';

test('the median is the middle value', () => {
  expect(median([5])).toBe(5);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 2, 9])).toBe(5.5);
});

test('nothing has no median', () => {
  expect(() => median([])).toThrow('no median of nothing');
});

test('a spread names the extremes', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
});
