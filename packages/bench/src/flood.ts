import type { Labels, Point } from './cell.ts';
import type { Options } from './options.ts';
import { bypassedShare, runTraffic } from './run-traffic.ts';
import type { TrafficOptions, TrafficResult } from './traffic.ts';
import type { Variant } from './variants.ts';

/** Starting two processes, and draining what is under way. */
const OVERHEAD_SECONDS = 0.15;
const LAST_BYTES_SECONDS = 3;

export function floodSeconds({ seconds, warmUp }: Options): number {
  return seconds + warmUp + OVERHEAD_SECONDS;
}

/** One-way streams under the options of the traffic program `flood`, in Gbit/s. */
export function floodPoint(
  labels: Labels,
  variants: readonly Variant[],
  traffic: TrafficOptions,
  { seconds, warmUp }: Options,
): Point {
  return {
    labels,
    variants,
    measure: async (bed, variant) => {
      const { result, bypassedBytes } = await runTraffic(
        bed,
        variant,
        'flood',
        { ...traffic, seconds, 'warm-up': warmUp, grace: LAST_BYTES_SECONDS },
        seconds + warmUp + LAST_BYTES_SECONDS,
      );
      return {
        value: result.gigabitsPerSecond,
        details: {
          'CPU of sender in %': result.senderCpu * 100,
          'CPU of receiver in %': result.receiverCpu * 100,
          'CPU in µs/MiB': cpuOf(result),
          ...bypassedShare(variant, bypassedBytes, result.sent),
        },
        trouble: null,
      };
    },
  };
}

/** What the transport costs, both ends together: of the figures the one that a busy machine disturbs least. */
function cpuOf({ gigabitsPerSecond, senderCpu, receiverCpu }: TrafficResult<'flood'>): number {
  const mebibytesPerSecond = (gigabitsPerSecond * 1e9) / 8 / 2 ** 20;
  return ((senderCpu + receiverCpu) * 1e6) / mebibytesPerSecond;
}
