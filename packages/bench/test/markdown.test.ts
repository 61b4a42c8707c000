import { expect, test } from 'vitest';
import type { PointResult } from '../src/cell.ts';
import { markdownOf } from '../src/markdown.ts';
import { pointOf } from './points.ts';

const textOf = (...points: PointResult[]) =>
  markdownOf({ name: 'speed', title: 'Speed', method: 'By hand.', unit: 'Gbit/s', points });

test('a comparison becomes a table with medians, extremes, and ratios within the rounds', () => {
  const text = textOf(
    pointOf({ size: '64 B' }, { TCP: [1000, 2000, 4000], Sidestep: [2000, 3000, 1_234_567] }),
  );
  expect(text).toBe(
    [
      '## Speed',
      '',
      'By hand. In Gbit/s.',
      '',
      '| size | TCP | Sidestep | Sidestep ÷ TCP |',
      '| --- | ---: | ---: | ---: |',
      '| 64 B | **2 000** (1 000 – 4 000) | **3 000** (2 000 – 1 234 567) | **2.00** (1.50 – 308.64) |',
    ].join('\n'),
  );
});

test('a few points stand in one table with all their labels', () => {
  const text = textOf(
    pointOf({ size: 1, nagle: 'on' }, { TCP: [1] }),
    pointOf({ size: 1, nagle: 'off' }, { TCP: [3] }),
  );
  expect(text).toContain(
    '| size | nagle | TCP |\n| --- | ---: | ---: |\n| 1 | on | 1.00 |\n| 1 | off | 3.00 |',
  );
});

test('many points get a table for each group that differs in the first label only', () => {
  const sizes = [1, 2, 3, 4, 5, 6, 7];
  const text = textOf(
    ...['on', 'off'].flatMap((nagle) => sizes.map((size) => pointOf({ size, nagle }, { TCP: [size] }))),
  );
  expect(text.split('\n').filter((line) => line.startsWith('###'))).toEqual([
    '### Nagle on',
    '### Nagle off',
  ]);
  expect(text).toContain('| size | TCP |\n| --- | ---: |\n| 1 | 1.00 |\n| 2 | 2.00 |');
});

test('what went wrong is told, and not counted', () => {
  const text = textOf(pointOf({ size: 1 }, { TCP: [1, 1], textbook: [null, null], Sidestep: [null, 0.5] }));
  expect(text).toContain('| 1 | 1.00 | – | 0.500 | 0.50 | – |');
  expect(text).toContain('* textbook, size 1: 2 of 2 went wrong (hung).');
  expect(text).toContain('* Sidestep, size 1: 1 of 2 went wrong (hung).');
});

test('the share that took the bypass is Sidestep’s own column', () => {
  const text = textOf(pointOf({ size: 1 }, { Sidestep: [1, 2] }, { 'bypassed in %': 98.7 }));
  expect(text).toContain('| size | Sidestep | bypassed in % |');
  expect(text).toContain('| 1 | **1.50** (1.00 – 2.00) | 99 |');
});
