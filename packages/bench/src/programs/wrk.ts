import type { Cell } from '../cell.ts';
import { sizeWords } from '../sizes.ts';
import { numberIn, programPlan } from './compared.ts';
import { startNginx } from './nginx.ts';

const SMALL = 64;
const LARGE = 64 << 10;
const POINTS = [
  { bytes: SMALL, connections: 1 },
  { bytes: SMALL, connections: 50 },
  { bytes: LARGE, connections: 50 },
];
const LONGER = 4;
/** nginx closes a connection after so many; by default after 1000. */
const KEEPALIVE_REQUESTS = 100_000_000;

export const wrk: Cell = {
  name: 'nginx',
  plan(options) {
    // wrk counts in whole seconds.
    const seconds = Math.ceil(options.seconds * LONGER);
    return programPlan(
      {
        about: {
          name: 'nginx',
          title: 'nginx and wrk',
          method: `One worker, one thread of wrk, connections that stay open; ${options.rounds} rounds of ${seconds} s each.`,
          unit: 'requests/s',
        },
        start: (cgroup) =>
          startNginx(
            cgroup,
            [SMALL, LARGE].map((bytes) => `location /${bytes} { return 200 $body${bytes}; }`).join('\n'),
            `keepalive_requests ${KEEPALIVE_REQUESTS};\n${bodies()}`,
          ),
        points: POINTS.map(({ bytes, connections }) => ({
          labels: { answer: sizeWords(bytes), connections },
          command: ({ port }) => [
            ...['wrk', '--latency', '-t1', `-c${connections}`, `-d${seconds}s`],
            `http://127.0.0.1:${port}/${bytes}`,
          ],
          read: readReport,
        })),
        secondsEach: seconds + 0.2,
      },
      options,
    );
  },
};

/** Answers as variables, longer ones from shorter ones: one word of the configuration must not be longer than 4 KiB. */
function bodies(): string {
  const times = Math.sqrt(LARGE / SMALL);
  const body = (name: number, text: string) => `map $uri $body${name} { default "${text}"; }`;
  return [
    body(SMALL, 'x'.repeat(SMALL)),
    body(SMALL * times, `$body${SMALL}`.repeat(times)),
    body(LARGE, `$body${SMALL * times}`.repeat(times)),
  ].join('\n');
}

export function readReport(output: string) {
  if (/Socket errors|Non-2xx/.test(output)) throw new Error(`wrk met errors: ${output}`);
  const latency = (share: string) => {
    const expression = new RegExp(`^\\s*${share}%\\s+([\\d.]+)(us|ms|s)$`, 'm');
    const [, figure, unit] = expression.exec(output) ?? [];
    if (!figure || !unit) throw new Error(`No latency in what it said: ${output}`);
    return Number(figure) * { us: 1, ms: 1000, s: 1e6 }[unit as 'us' | 'ms' | 's'];
  };
  return {
    value: numberIn(output, /^Requests\/sec:\s+([\d.]+)/m),
    details: { 'p50 in µs': latency('50'), 'p99 in µs': latency('99') },
  };
}
