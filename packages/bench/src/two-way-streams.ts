import type { Cell, Point } from './cell.ts';
import type { Options } from './options.ts';
import { planOf } from './rounds.ts';
import { bypassedShare, runTraffic } from './run-traffic.ts';
import { sizeWords } from './sizes.ts';
import { OVER_IP } from './variants.ts';

const SIZES = [64, 4096];
/** The traffic program has no warm-up: the run is so long that the choice of the path is a small part of it. */
const LONGER = 5;
const OVERHEAD_SECONDS = 0.3;

/** Both ends send at once, as fast as it goes: to the kernel it looks like turns. */
export const twoWayStreams: Cell = {
  name: 'two-way-streams',
  plan(options) {
    const seconds = options.seconds * LONGER;
    const method = `Both ends write at once on one connection, with a thread for each direction, and compare every byte; on whichever CPU; ${options.rounds} rounds of ${seconds} s each, of which everything counts.`;
    const points = options.nagle.flatMap((nagle) =>
      (options.sizes ?? SIZES).map((size) => pointOf({ size, nagle, seconds }, options)),
    );
    return planOf(
      { name: 'two-way-streams', title: 'Streams in both directions at once', method, unit: 'Gbit/s' },
      points,
      { rounds: options.rounds, secondsEach: seconds + OVERHEAD_SECONDS },
    );
  },
};

function pointOf(
  at: { readonly size: number; readonly nagle: string; readonly seconds: number },
  options: Options,
): Point {
  const { seconds } = at;
  const traffic = { send: at.size, direction: 'both', nodelay: at.nagle === 'off', seconds };
  return {
    labels: { write: sizeWords(at.size), Nagle: at.nagle },
    variants: options.variants.filter((variant) => OVER_IP.includes(variant)),
    measure: async (bed, variant) => {
      const { result, bypassedBytes } = await runTraffic(bed, variant, 'stream', traffic, seconds);
      return {
        value: result.gigabitsPerSecond,
        details: bypassedShare(variant, bypassedBytes, result.sent),
        trouble: null,
      };
    },
  };
}
