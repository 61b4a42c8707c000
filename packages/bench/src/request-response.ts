import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bed } from './bed.ts';
import type { Cell, CellOptions, CellResult } from './cell.ts';
import { interleave } from './rounds.ts';
import { median, spreadOf } from './statistics.ts';
import { Traffic, type TrafficOptions, type TrafficResult } from './traffic.ts';

/** The last one: interrupts tend to go to the first. */
const CPU = cpus().length - 1;
const BYTES = 64;
/** Of all messages, how many must have taken the bypass for a measurement of it to count. */
const BYPASS_SHARE = 0.95;
const WARM_UP_SECONDS = 0.5;

type Variant = 'TCP' | 'bypass' | 'UNIX socket';

/** Two programs in one: both ends are one process on one CPU, so that the figure is what a message costs, and not who waits for whom. */
export const requestResponse: Cell = {
  name: 'request-response',
  async measure(bed, options) {
    const measured = await interleave<Variant, TrafficResult<'exchange'>>(
      {
        TCP: () => exchange(bed.plain.path, options, { address: '127.0.0.1:0' }),
        bypass: () => bypassedExchange(bed, options),
        'UNIX socket': () =>
          exchange(bed.plain.path, options, {
            address: `unix:${join(tmpdir(), `sidestep-bench-${process.pid}`)}`,
          }),
      },
      options.rounds,
      (round) => options.onProgress(`request/response, round ${round + 1} of ${options.rounds}`),
    );
    return summarize(measured, options);
  },
};

async function exchange(
  cgroup: string,
  { seconds }: CellOptions,
  options: TrafficOptions,
): Promise<TrafficResult<'exchange'>> {
  await using traffic = new Traffic(
    'exchange',
    { ...options, request: BYTES, answer: BYTES, cpu: CPU, seconds, 'warm-up': WARM_UP_SECONDS },
    { cgroup },
  );
  const result = await traffic.result();
  if (result.wrong || result.errors || result.unfinished)
    throw new Error(`The traffic went wrong, so its speed means nothing: ${JSON.stringify(result)}`);
  return result;
}

async function bypassedExchange(bed: Bed, options: CellOptions): Promise<TrafficResult<'exchange'>> {
  const before = await bed.bypassedMessages();
  const result = await exchange(bed.accelerated.path, options, { address: '127.0.0.1:0' });
  const share = ((await bed.bypassedMessages()) - before) / (result.received / BYTES);
  if (share < BYPASS_SHARE)
    throw new Error(
      `Only ${(share * 100).toFixed(1)} % of the messages took the bypass, so this is not its speed.`,
    );
  return result;
}

function summarize(
  measured: Record<Variant, TrafficResult<'exchange'>[]>,
  { rounds, seconds }: CellOptions,
): CellResult {
  const speeds = (variant: Variant) => measured[variant].map(({ perSecond }) => perSecond);
  const tcp = speeds('TCP');
  const rows = (Object.keys(measured) as Variant[]).map((name) => ({
    name,
    value: spreadOf(speeds(name)),
    ratio:
      name === 'TCP' ? null : spreadOf(speeds(name).map((speed, round) => speed / (tcp[round] as number))),
    details: {
      'CPU in µs': median(measured[name].map(({ cpuUs }) => cpuUs)),
      'p50 in µs': median(measured[name].map(({ latencyUs }) => latencyUs.p50)),
      'p99 in µs': median(measured[name].map(({ latencyUs }) => latencyUs.p99)),
    },
  }));
  return {
    title: `Request/response of ${BYTES} B`,
    method: `Non-blocking sockets and epoll, one connection, both ends on CPU ${CPU}; ${rounds} rounds of ${seconds} s each, the three in turns.`,
    unit: 'exchanges/s',
    rows,
    raw: Object.fromEntries((Object.keys(measured) as Variant[]).map((name) => [name, speeds(name)])),
  };
}
