import type { Cell, Point } from './cell.ts';
import { placesHere } from './cpus.ts';
import { exchangePoint, exchangeSeconds } from './exchanges.ts';
import type { Options } from './options.ts';
import { planOf } from './rounds.ts';
import { sizeWords } from './sizes.ts';
import { OVER_IP } from './variants.ts';

const PHASES = [
  { exchanges: 50, stream: 256 << 10 },
  { exchanges: 500, stream: 8 << 20 },
] as const;
const EXCHANGE = 64;
const WRITE = 4096;
/** A measurement must hold many phases. */
const LONGER = 2;

/** A connection that changes its nature again and again: what fits one phase does not fit the next. */
export const alternating: Cell = {
  name: 'alternating',
  plan(options) {
    const longer = { ...options, seconds: options.seconds * LONGER };
    const method = `Exchanges of ${EXCHANGE} B, then a stream of writes of ${sizeWords(WRITE)} that one answer ends, on the same connection by turns; ${options.rounds} rounds of ${longer.seconds} s each.`;
    return planOf(
      { name: 'alternating', title: 'Alternating patterns', method, unit: 'answers/s' },
      pointsOf(longer),
      { rounds: options.rounds, secondsEach: exchangeSeconds(longer) },
    );
  },
};

function pointsOf(options: Options): Point[] {
  return placesHere(options.cpus).flatMap((place) =>
    options.nagle.flatMap((nagle) =>
      PHASES.map(({ exchanges, stream }) =>
        exchangePoint(
          { phases: `${exchanges} exchanges, ${sizeWords(stream)}`, Nagle: nagle, CPUs: place },
          options.variants.filter((variant) => OVER_IP.includes(variant)),
          place,
          {
            request: EXCHANGE,
            answer: EXCHANGE,
            'burst-every': exchanges + 1,
            burst: stream,
            piece: WRITE,
            nagle: nagle === 'on',
          },
          options,
        ),
      ),
    ),
  );
}
