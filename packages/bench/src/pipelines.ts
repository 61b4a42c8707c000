import type { Cell } from './cell.ts';
import { placesHere } from './cpus.ts';
import { exchangePoint, exchangeSeconds } from './exchanges.ts';
import { planOf } from './rounds.ts';
import { sizeWords } from './sizes.ts';
import { OVER_IP } from './variants.ts';

const UNDER_WAY = 16;
const SIZES = [64];
/** Which path it is to take is measured on both. */
const LONGER = 4;

/** Requests that do not wait for the answers to those before, each in a write of its own. */
export const pipelines: Cell = {
  name: 'pipelines',
  plan(options) {
    const { rounds } = options;
    const longer = { ...options, seconds: options.seconds * LONGER, warmUp: options.warmUp * LONGER };
    const method = `${UNDER_WAY} requests under way on one connection, each and its answer a write of its own; ${rounds} rounds of ${longer.seconds} s each, after ${longer.warmUp} s that do not count.`;
    const points = placesHere(options.cpus).flatMap((place) =>
      options.nagle.flatMap((nagle) =>
        (options.sizes ?? SIZES).map((size) =>
          exchangePoint(
            { message: sizeWords(size), Nagle: nagle, CPUs: place },
            options.variants.filter((variant) => OVER_IP.includes(variant)),
            place,
            { request: size, answer: size, pipeline: UNDER_WAY, nagle: nagle === 'on' },
            longer,
          ),
        ),
      ),
    );
    return planOf({ name: 'pipelines', title: 'Pipelines', method, unit: 'exchanges/s' }, points, {
      rounds,
      secondsEach: exchangeSeconds(longer),
    });
  },
};
