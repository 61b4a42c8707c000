import { expect, test } from 'vitest';
import type { CellResult, PointResult } from '../src/cell.ts';
import { TARGETS, type Target, verdictsOf } from '../src/targets.ts';
import { verdictTable } from '../src/verdict-table.ts';
import { pointOf } from './points.ts';

const resultOf = (name: string, ...points: PointResult[]): CellResult => ({
  name,
  title: 'Speed',
  method: 'By hand.',
  unit: 'Gbit/s',
  points,
});
const target: Target = { words: 'twice', least: 2, cells: ['speed'], against: ['TCP'] };

test('a target is reached when all of its points reach it', () => {
  const near = pointOf({ size: 1 }, { TCP: [10, 10, 10], Sidestep: [19, 20, 50] });
  const far = pointOf({ size: 2 }, { TCP: [10, 10, 10], Sidestep: [90, 90, 90] });
  const elsewhere = resultOf('other', pointOf({}, { TCP: [2], Sidestep: [1] }));
  expect(verdictsOf([resultOf('speed', far, near), elsewhere], [target])).toEqual([
    {
      words: 'twice',
      least: 2,
      reached: true,
      points: { reached: 2, all: 2 },
      worst: { where: 'Speed, size 1', ratio: { median: 2, min: 1.9, max: 5 }, wrong: 0, rounds: 3 },
    },
  ]);
});

test('one point that misses it, or that has no figure because it went wrong, is enough to miss it', () => {
  const good = pointOf({ size: 1 }, { TCP: [1], Sidestep: [3] });
  const bad = pointOf({ size: 2 }, { TCP: [2], Sidestep: [3] });
  const wrong = pointOf({ size: 3 }, { TCP: [1], Sidestep: [null] });
  const [missed] = verdictsOf([resultOf('speed', good, bad)], [target]);
  expect(missed).toMatchObject({ reached: false, points: { reached: 1, all: 2 } });
  expect(missed?.worst).toMatchObject({ where: 'Speed, size 2', ratio: { median: 1.5 } });
  const [failed] = verdictsOf([resultOf('speed', good, wrong)], [target]);
  expect(failed).toMatchObject({ reached: false, worst: { where: 'Speed, size 3', ratio: null } });
});

test('a point at which Sidestep went wrong in one round does not reach it, however fast the others were', () => {
  const slow = pointOf({ size: 1 }, { TCP: [10, 10, 10], Sidestep: [21, 21, 21] });
  const some = pointOf({ size: 2 }, { TCP: [10, 10, 10], Sidestep: [90, null, 90] });
  const verdicts = verdictsOf([resultOf('speed', slow, some)], [target]);
  expect(verdicts[0]).toMatchObject({ reached: false, points: { reached: 1, all: 2 } });
  expect(verdictTable(verdicts).split('\n')[2]).toBe(
    '| twice | **no** | 1 of 2 | Speed, size 2 | 9.00 (9.00 – 9.00), 1 of 3 went wrong | – |',
  );
});

test('what was not measured has no verdict', () => {
  const alone = pointOf({}, { Sidestep: [1] });
  const without = pointOf({}, { TCP: [1], textbook: [1] });
  expect(verdictsOf([resultOf('speed', alone, without)], [target])).toEqual([]);
});

test('a point that the target is not about does not count', () => {
  const only: Target = { ...target, only: ({ labels }) => labels.size === 2 };
  const points = [1, 2].map((size) => pointOf({ size }, { TCP: [1], Sidestep: [size] }));
  expect(verdictsOf([resultOf('speed', ...points)], [only])[0]).toMatchObject({
    reached: true,
    points: { all: 1 },
  });
});

test('the better of two is the one with the higher median', () => {
  const better: Target = { ...target, least: 0.95, against: ['TCP', 'textbook'] };
  const point = pointOf({}, { TCP: [9, 1, 1], textbook: [2, 2, 2], Sidestep: [2, 2, 2] });
  expect(verdictsOf([resultOf('speed', point)], [better])[0]?.worst.ratio).toEqual({
    median: 1,
    min: 1,
    max: 1,
  });
});

test('of a cost, less is better', () => {
  const cost: Target = { ...target, least: 0.9, cost: 'CPU' };
  const point: PointResult = {
    labels: {},
    measured: {
      TCP: [{ value: 1, details: { CPU: 5 }, trouble: null }],
      Sidestep: [{ value: 1, details: { CPU: 4 }, trouble: null }],
    },
  };
  expect(verdictsOf([resultOf('speed', point)], [cost])[0]?.worst.ratio?.median).toBe(1.25);
});

test('the verdicts become a table that says by how much', () => {
  const point = pointOf({ size: 1 }, { TCP: [10, 10, 10], Sidestep: [15, 18, 21] });
  expect(verdictTable(verdictsOf([resultOf('speed', point)], [target])).split('\n')[2]).toBe(
    '| twice | **no** | 0 of 1 | Speed, size 1 | 1.80 (1.50 – 2.10) | −10.0 % |',
  );
});

test('every target has words of its own', () => {
  expect(new Set(TARGETS.map(({ words }) => words)).size).toBe(TARGETS.length);
});
