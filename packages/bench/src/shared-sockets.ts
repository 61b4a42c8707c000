import type { Cell } from './cell.ts';
import { floodPoint, floodSeconds } from './flood.ts';
import { planOf } from './rounds.ts';
import { sizeWords } from './sizes.ts';
import { OVER_IP } from './variants.ts';

const THREADS = 4;
const SIZES = [64, 16 << 10];

/** Threads that share a socket wait for each other inside the kernel, on either path. */
export const sharedSockets: Cell = {
  name: 'shared-sockets',
  plan(options) {
    const { rounds, seconds } = options;
    const method = `${THREADS} threads send on one socket as fast as it goes, another process reads; on whichever CPU; ${rounds} rounds of ${seconds} s each.`;
    const points = options.nagle.flatMap((nagle) =>
      (options.sizes ?? SIZES).map((size) =>
        floodPoint(
          { write: sizeWords(size), Nagle: nagle },
          options.variants.filter((variant) => OVER_IP.includes(variant)),
          { send: size, threads: THREADS, nodelay: nagle === 'off' },
          options,
        ),
      ),
    );
    const about = {
      name: 'shared-sockets',
      title: 'Several threads on one socket',
      method,
      unit: 'Gbit/s',
    };
    return planOf(about, points, { rounds, secondsEach: floodSeconds(options) });
  },
};
