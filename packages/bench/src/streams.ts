import type { Cell } from './cell.ts';
import { cpusOf } from './cpus.ts';
import { floodPoint, floodSeconds } from './flood.ts';
import { matrixOf } from './matrix.ts';
import { planOf } from './rounds.ts';
import { WRITE_SIZES } from './sizes.ts';

/** What goes in at one end as fast as it goes, and comes out at the other. */
export const streams: Cell = {
  name: 'streams',
  plan(options) {
    const { rounds, seconds } = options;
    const method = `Writes of one size as fast as they go; non-blocking sockets, epoll, one process for each end; ${rounds} rounds of ${seconds} s each.`;
    const points = matrixOf(options, 'write', WRITE_SIZES, (at) => {
      const { own, peer } = cpusOf(at.place);
      const traffic = { send: at.size, connections: at.connections, nodelay: at.nagle === 'off' };
      return floodPoint(at.labels, at.variants, { ...traffic, cpu: own, 'peer-cpu': peer }, options);
    });
    return planOf({ name: 'streams', title: 'One-way streams', method, unit: 'Gbit/s' }, points, {
      rounds,
      secondsEach: floodSeconds(options),
    });
  },
};
