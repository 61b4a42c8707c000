import type { Cell } from '../cell.ts';
import { numberIn, programPlan } from './compared.ts';
import { startRedis } from './redis.ts';

/** Requests a second that give each run about the same length. */
const POINTS = [
  { clients: 1, pipeline: 1, perSecond: 20_000 },
  { clients: 50, pipeline: 1, perSecond: 110_000 },
  { clients: 1, pipeline: 16, perSecond: 200_000 },
  { clients: 50, pipeline: 16, perSecond: 900_000 },
];
const LONGER = 4;

export const redisBenchmark: Cell = {
  name: 'redis',
  plan(options) {
    const seconds = options.seconds * LONGER;
    return programPlan(
      {
        about: {
          name: 'redis',
          title: 'redis-benchmark',
          method: `redis-benchmark -t get; ${options.rounds} rounds of about ${seconds.toFixed(1)} s each.`,
          unit: 'requests/s',
        },
        start: startRedis,
        points: POINTS.map(({ clients, pipeline, perSecond }) => ({
          labels: { clients, pipeline },
          command: ({ port }) => [
            ...['redis-benchmark', '-p', String(port), '-t', 'get', '--csv'],
            ...['-c', String(clients), '-P', String(pipeline), '-n', String(Math.ceil(perSecond * seconds))],
          ],
          read: readCsv,
        })),
        secondsEach: seconds + 0.2,
      },
      options,
    );
  },
};

/** `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"` */
export function readCsv(output: string) {
  const field = (index: number) =>
    numberIn(output, new RegExp(`^"GET"(?:,"[^"]*"){${index - 1}},"([^"]*)"`, 'm'));
  return {
    value: field(1),
    details: { 'p50 in µs': field(4) * 1000, 'p95 in µs': field(5) * 1000, 'p99 in µs': field(6) * 1000 },
  };
}
