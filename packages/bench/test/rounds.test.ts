import { expect, test } from 'vitest';
import type { Bed } from '../src/bed.ts';
import type { Measurement, Point } from '../src/cell.ts';
import { planOf } from '../src/rounds.ts';
import type { Variant } from '../src/variants.ts';

const ABOUT = { name: 'n', title: 't', method: 'm', unit: 'u' };
const BED = {} as Bed;

function points(measure: (name: string, variant: Variant) => Measurement): Point[] {
  return ['a', 'b'].map((name) => ({
    labels: { name },
    variants: ['TCP', 'Sidestep'],
    measure: async (_, variant) => measure(name, variant),
  }));
}

test('each variant is measured once a round beside the others, and each comes first in turn', async () => {
  const order: string[] = [];
  const plan = planOf(
    ABOUT,
    points((name, variant) => {
      order.push(`${name} ${variant}`);
      return { value: order.length, details: {}, trouble: null };
    }),
    { rounds: 2, secondsEach: 1 },
  );
  const result = await plan?.run(BED, () => {});
  expect(order).toEqual([
    ...['a TCP', 'a Sidestep', 'b TCP', 'b Sidestep'],
    ...['a Sidestep', 'a TCP', 'b Sidestep', 'b TCP'],
  ]);
  const valuesOf = (variant: Variant) =>
    result?.points.map(({ measured }) => measured[variant]?.map(({ value }) => value));
  expect(valuesOf('TCP')).toEqual([
    [1, 6],
    [3, 8],
  ]);
  expect(valuesOf('Sidestep')).toEqual([
    [2, 5],
    [4, 7],
  ]);
});

test('a measurement that fails is a finding, and the others go on', async () => {
  const failing = points((name) => {
    if (name === 'a') throw new Error('hung');
    return { value: 1, details: {}, trouble: null };
  });
  const steps: string[] = [];
  const plan = planOf(ABOUT, failing, { rounds: 1, secondsEach: 0.5 });
  const result = await plan?.run(BED, (_, words) => steps.push(words));
  expect(result?.points[0]?.measured.TCP).toEqual([{ value: null, details: {}, trouble: 'hung' }]);
  expect(result?.points[1]?.measured.TCP?.[0]?.value).toBe(1);
  expect(steps[0]).toBe('round 1 of 1, name a, TCP: hung');
  expect(plan?.seconds).toBe(2);
});

test('without points there is nothing to plan', () => {
  expect(planOf(ABOUT, [], { rounds: 1, secondsEach: 1 })).toBeNull();
});
