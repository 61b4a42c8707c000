import type { Bed } from './bed.ts';
import type { CellResult, Measurement, OnStep, Plan, Point, PointResult } from './cell.ts';
import { wordsOf } from './groups.ts';
import type { Variant } from './variants.ts';

/**
 * Measures every variant of every point once a round. The variants of a point come one right after the other, so that whatever else
 * changes on the machine hits all alike, and their order turns by one each round, so that none is always first.
 */
export async function compare(
  points: readonly Point[],
  bed: Bed,
  { rounds, secondsEach, onStep }: { rounds: number; secondsEach: number; onStep: OnStep },
): Promise<PointResult[]> {
  const results = points.map(({ labels, variants }) => ({
    labels,
    measured: Object.fromEntries(variants.map((variant) => [variant, []])) as Partial<
      Record<Variant, Measurement[]>
    >,
  }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, point] of points.entries()) {
      const { labels, variants } = point;
      for (let turn = 0; turn < variants.length; turn++) {
        const variant = variants[(round + turn) % variants.length] as Variant;
        const words = [`round ${round + 1} of ${rounds}`, wordsOf(labels), variant].join(', ');
        const measurement = await measuredOrNot(point, bed, variant);
        results[index]?.measured[variant]?.push(measurement);
        onStep(secondsEach, measurement.trouble ? `${words}: ${measurement.trouble}` : words);
      }
    }
  }
  return results;
}

/** One run that goes wrong is a finding, and no reason to throw half an hour of others away. */
async function measuredOrNot(point: Point, bed: Bed, variant: Variant): Promise<Measurement> {
  try {
    return await point.measure(bed, variant);
  } catch (error) {
    return { value: null, details: {}, trouble: (error as Error).message };
  }
}

/** A plan that compares the points; null when there is none. `secondsEach` is how long one measurement should take. */
export function planOf(
  about: Omit<CellResult, 'points'>,
  points: readonly Point[],
  { rounds, secondsEach }: { readonly rounds: number; readonly secondsEach: number },
): Plan | null {
  const measurements = points.reduce((sum, { variants }) => sum + variants.length, 0) * rounds;
  if (measurements === 0) return null;
  return {
    seconds: measurements * secondsEach,
    run: async (bed, onStep) => ({
      ...about,
      points: await compare(points, bed, { rounds, secondsEach, onStep }),
    }),
  };
}
