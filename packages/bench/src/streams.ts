import type { Cell } from './cell.ts';
import { cpusOf } from './cpus.ts';
import { floodPoint, floodSeconds } from './flood.ts';
import { matrixOf } from './matrix.ts';
import { planOf } from './rounds.ts';
import { WRITE_SIZES } from './sizes.ts';

/**
 * A stream has shown what it is within its first hundred messages; where many share a processor, the turns of each are long in coming. All variants
 * get the same.
 */
const WARM_UPS_OF_MANY = 4;

/** What goes in at one end as fast as it goes, and comes out at the other. */
export const streams: Cell = {
  name: 'streams',
  plan(options) {
    const { rounds, seconds, warmUp } = options;
    const forMany = { ...options, warmUp: warmUp * WARM_UPS_OF_MANY };
    const method = `Writes of one size as fast as they go; non-blocking sockets, epoll, one process for each end; ${rounds} rounds of ${seconds} s each, after ${warmUp} s that do not count (${forMany.warmUp} s with more than one connection).`;
    const points = matrixOf(options, 'write', WRITE_SIZES, (at) => {
      const { own, peer } = cpusOf(at.place);
      const traffic = { send: at.size, connections: at.connections, nodelay: at.nagle === 'off' };
      const warmed = at.connections > 1 ? forMany : options;
      return floodPoint(at.labels, at.variants, { ...traffic, cpu: own, 'peer-cpu': peer }, warmed);
    });
    return planOf({ name: 'streams', title: 'One-way streams', method, unit: 'Gbit/s' }, points, {
      rounds,
      secondsEach: (floodSeconds(options) + floodSeconds(forMany)) / 2,
    });
  },
};
