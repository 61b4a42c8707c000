import type { Cell, Point } from './cell.ts';
import { cpusOf, placesHere } from './cpus.ts';
import { floodPoint, floodSeconds } from './flood.ts';
import type { Options } from './options.ts';
import { planOf } from './rounds.ts';
import { sizeWords, WRITE_SIZES } from './sizes.ts';

/** What goes in at one end as fast as it goes, and comes out at the other. */
export const streams: Cell = {
  name: 'streams',
  plan(options) {
    const { rounds, seconds } = options;
    const method = `Writes of one size as fast as they go; non-blocking sockets, epoll, one process for each end; ${rounds} rounds of ${seconds} s each.`;
    return planOf({ name: 'streams', title: 'One-way streams', method, unit: 'Gbit/s' }, pointsOf(options), {
      rounds,
      secondsEach: floodSeconds(options),
    });
  },
};

function pointsOf(options: Options): Point[] {
  return placesHere(options.cpus).flatMap((place) =>
    options.connections.flatMap((connections) =>
      options.nagle.flatMap((nagle) =>
        (options.sizes ?? WRITE_SIZES).map((size) =>
          floodPoint(
            { write: sizeWords(size), Nagle: nagle, connections, CPUs: place },
            // A UNIX socket has no Nagle's algorithm: it is measured where the others have none either.
            options.variants.filter((variant) => variant !== 'UNIX' || nagle === 'off'),
            {
              send: size,
              connections,
              nodelay: nagle === 'off',
              cpu: cpusOf(place).own,
              'peer-cpu': cpusOf(place).peer,
            },
            options,
          ),
        ),
      ),
    ),
  );
}
