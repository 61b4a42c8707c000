import type { Cell } from '../cell.ts';
import type { Cgroup } from '../sandbox/cgroup.ts';
import { sizeWords } from '../sizes.ts';
import { numberIn, programPlan } from './compared.ts';
import { startNginx } from './nginx.ts';

const SMALL = 64;
const LARGE = 64 << 10;
/** Sidestep needs some seconds to find out which path carries large answers better. */
const WEIGHED_SECONDS = 10;
const POINTS = [
  { bytes: SMALL, connections: 1, leastSeconds: 1 },
  { bytes: SMALL, connections: 50, leastSeconds: 1 },
  { bytes: LARGE, connections: 50, leastSeconds: WEIGHED_SECONDS },
];
const LONGER = 4;
/** nginx closes a connection after so many; by default after 1000. */
const KEEPALIVE_REQUESTS = 100_000_000;

export const wrk: Cell = {
  name: 'nginx',
  plan(options) {
    // wrk counts in whole seconds.
    const points = POINTS.map((point) => ({
      ...point,
      seconds: Math.max(Math.ceil(options.seconds * LONGER), point.leastSeconds),
    }));
    const lengths = [...new Set(points.map(({ seconds }) => seconds))].join(' or ');
    return programPlan(
      {
        about: {
          name: 'nginx',
          title: 'nginx and wrk',
          method: `One worker, one thread of wrk, connections that stay open; a server for each size of answers; ${options.rounds} rounds of ${lengths} s each.`,
          unit: 'requests/s',
        },
        start: startServers,
        points: points.map(({ bytes, connections, seconds }) => ({
          labels: { answer: sizeWords(bytes), connections },
          command: ({ ports }) => [
            ...['wrk', '--latency', '-t1', `-c${connections}`, `-d${seconds}s`],
            `http://127.0.0.1:${ports.get(bytes)}/`,
          ],
          read: readReport,
        })),
        secondsEach: points.reduce((sum, { seconds }) => sum + seconds, 0) / points.length + 0.2,
      },
      options,
    );
  },
};

interface Servers extends AsyncDisposable {
  /** By the bytes of their answers. */
  readonly ports: ReadonlyMap<number, number>;
}

/** One for each size: which path is better is found out for a program at a port, and small answers would speak for large ones. */
async function startServers(cgroup: Cgroup): Promise<Servers> {
  await using starting = new AsyncDisposableStack();
  const ports = new Map<number, number>();
  for (const bytes of [SMALL, LARGE]) {
    const server = await startNginx(
      cgroup,
      `location / { return 200 $body${bytes}; }`,
      `keepalive_requests ${KEEPALIVE_REQUESTS};\n${bodies()}`,
    );
    ports.set(bytes, starting.use(server).port);
  }
  const started = starting.move();
  return { ports, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

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
