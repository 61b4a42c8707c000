import type { Cell } from './cell.ts';
import { exchangePoint, exchangeSeconds } from './exchanges.ts';
import { matrixOf } from './matrix.ts';
import { planOf } from './rounds.ts';
import { MESSAGE_SIZES } from './sizes.ts';

/** A request, an answer of the same size, the next request. */
export const requestResponse: Cell = {
  name: 'request-response',
  plan(options) {
    const { rounds, seconds } = options;
    const method = `Request and answer of one size, the next request after the answer; non-blocking sockets, epoll; on one CPU both ends are one process; ${rounds} rounds of ${seconds} s each.`;
    const points = matrixOf(options, 'message', MESSAGE_SIZES, (at) => {
      const sizes = { request: at.size, answer: at.size };
      const traffic = { ...sizes, connections: at.connections, nagle: at.nagle === 'on' };
      return exchangePoint(at.labels, at.variants, at.place, traffic, options);
    });
    const about = { name: 'request-response', title: 'Request/response', method, unit: 'exchanges/s' };
    return planOf(about, points, { rounds, secondsEach: exchangeSeconds(options) });
  },
};
