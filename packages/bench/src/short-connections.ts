import type { Cell, Point } from './cell.ts';
import { planOf } from './rounds.ts';
import { runTraffic } from './run-traffic.ts';
import { OVER_IP } from './variants.ts';

const PER_SECOND = 16_000;
const LONGER = 3;
const THREADS = [1, 8];
/** A port stays taken for a minute after its connection has closed, to the address that it went to. */
const TARGETS = 64;
const OVERHEAD_SECONDS = 0.1;
const PATIENCE_SECONDS = 10;

/** Connect, one request, one answer, close. */
export const shortConnections: Cell = {
  name: 'short-connections',
  plan({ rounds, seconds, variants }) {
    const connections = Math.ceil(PER_SECOND * seconds * LONGER);
    const points = THREADS.map(
      (threads): Point => ({
        labels: { 'at once': threads },
        variants: variants.filter((variant) => OVER_IP.includes(variant)),
        measure: async (bed, variant) => {
          const { result } = await runTraffic(
            bed,
            variant,
            'shorts',
            { connections, threads, targets: TARGETS, address: '0.0.0.0:0' },
            PATIENCE_SECONDS,
          );
          return {
            value: result.done / result.seconds,
            details: { 'slowest in ms': result.slowestMs },
            trouble: null,
          };
        },
      }),
    );
    const about = {
      name: 'short-connections',
      title: 'Short connections',
      method: `Connect, a request of 64 B, an answer of 64 B, close, at ${TARGETS} loopback addresses by turns; ${rounds} rounds of ${connections} connections each.`,
      unit: 'connections/s',
    };
    return planOf(about, points, { rounds, secondsEach: seconds * LONGER + OVERHEAD_SECONDS });
  },
};
