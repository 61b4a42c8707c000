import { expect, test } from 'vitest';
import { bestOf, detailOf, figureOf, median, ratioOf, spreadOf } from '../src/statistics.ts';
import { pointOf } from './points.ts';

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

test('a figure leaves out what went wrong', () => {
  const point = pointOf({}, { TCP: [1, null, 3], textbook: [null] }, { cost: 7 });
  expect(figureOf(point, 'TCP')).toEqual({ median: 2, min: 1, max: 3 });
  expect(figureOf(point, 'TCP', detailOf('cost'))?.median).toBe(7);
  expect(figureOf(point, 'TCP', detailOf('price'))).toBeNull();
  expect(figureOf(point, 'textbook')).toBeNull();
  expect(figureOf(point, 'UNIX')).toBeNull();
});

test('a ratio is taken within each round', () => {
  // The machine was ten times as fast in the second round, which says nothing about either.
  const point = pointOf({}, { TCP: [1, 10, 5], Sidestep: [2, 20, null] });
  expect(ratioOf(point, 'Sidestep', 'TCP')).toEqual({ median: 2, min: 2, max: 2 });
  expect(ratioOf(point, 'Sidestep', 'textbook')).toBeNull();
});

test('the best is the one with the highest median', () => {
  const point = pointOf({}, { TCP: [1, 100, 2], textbook: [3, 3, 3], UNIX: [null] });
  expect(bestOf(point, ['TCP', 'textbook', 'UNIX'])).toBe('textbook');
  expect(bestOf(point, ['UNIX'])).toBeNull();
});
