import type { Labels, Measurement, Point } from './cell.ts';
import { type Cpus, cpusOf } from './cpus.ts';
import type { Options } from './options.ts';
import { bypassedShare, runTraffic } from './run-traffic.ts';
import type { TrafficOptions } from './traffic.ts';
import type { Variant } from './variants.ts';

const OVERHEAD_SECONDS = 0.1;
const LAST_ANSWERS_SECONDS = 3;

export function exchangeSeconds({ seconds, warmUp }: Options): number {
  return seconds + warmUp + OVERHEAD_SECONDS;
}

/**
 * Requests and answers under the options of the traffic program `exchange`, in exchanges a second. On one CPU both ends are one
 * process, so that the figure is what a message costs, and not who waits for whom; on two each end has its own.
 */
export function exchangePoint(
  labels: Labels,
  variants: readonly Variant[],
  place: Cpus,
  traffic: TrafficOptions,
  { seconds, warmUp }: Options,
): Point {
  const { own, peer } = cpusOf(place);
  const apart = own !== peer;
  const options = {
    ...traffic,
    seconds,
    'warm-up': warmUp,
    grace: LAST_ANSWERS_SECONDS,
    unchecked: true,
    cpu: own,
    ...(apart && { 'peer-cpu': peer }),
  };
  return {
    labels,
    variants,
    measure: async (bed, variant): Promise<Measurement> => {
      const limit = seconds + warmUp + LAST_ANSWERS_SECONDS;
      const { result, bypassedBytes } = await runTraffic(bed, variant, 'exchange', options, limit);
      // Two processes: the client counts what both have sent.
      const sent = apart ? result.sent + result.received : result.sent;
      return {
        value: result.perSecond,
        details: {
          'CPU in µs': result.cpuUs,
          'p50 in µs': result.latencyUs.p50,
          'p90 in µs': result.latencyUs.p90,
          'p99 in µs': result.latencyUs.p99,
          'p99.9 in µs': result.latencyUs.p999,
          ...bypassedShare(variant, bypassedBytes, sent),
        },
        trouble: null,
      };
    },
  };
}
