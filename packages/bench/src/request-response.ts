import type { Cell, Point } from './cell.ts';
import { placesHere } from './cpus.ts';
import { exchangePoint, exchangeSeconds } from './exchanges.ts';
import type { Options } from './options.ts';
import { planOf } from './rounds.ts';
import { MESSAGE_SIZES, sizeWords } from './sizes.ts';

/** A request, an answer of the same size, the next request. */
export const requestResponse: Cell = {
  name: 'request-response',
  plan(options) {
    const { rounds, seconds } = options;
    const method = `Request and answer of one size, the next request after the answer; non-blocking sockets, epoll; on one CPU both ends are one process; ${rounds} rounds of ${seconds} s each.`;
    return planOf(
      { name: 'request-response', title: 'Request/response', method, unit: 'exchanges/s' },
      pointsOf(options),
      { rounds, secondsEach: exchangeSeconds(options) },
    );
  },
};

function pointsOf(options: Options): Point[] {
  return placesHere(options.cpus).flatMap((place) =>
    options.connections.flatMap((connections) =>
      options.nagle.flatMap((nagle) =>
        (options.sizes ?? MESSAGE_SIZES).map((size) =>
          exchangePoint(
            // A UNIX socket has no Nagle's algorithm: it is measured where the others have none either.
            { message: sizeWords(size), Nagle: nagle, connections, CPUs: place },
            options.variants.filter((variant) => variant !== 'UNIX' || nagle === 'off'),
            place,
            { request: size, answer: size, connections, nagle: nagle === 'on' },
            options,
          ),
        ),
      ),
    ),
  );
}
