import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from './bed.ts';
import type { Cell, CellOptions } from './cell.ts';
import { spreadOf } from './statistics.ts';
import { Traffic } from './traffic.ts';

const SECONDS = 30;
const QUIET_CONNECTIONS = 100;
const SETTLE_MS = 2000;
/** Linux's USER_HZ, the same on every architecture that Sidestep runs on. */
const TICKS_PER_SECOND = 100;

/** What the daemon costs while acceleration is on and nobody watches. */
export const idleDaemon: Cell = {
  name: 'idle-daemon',
  async measure(bed, options) {
    const alone = await share(bed, options, 'no connection');
    const quiet = await besideQuietConnections(bed, options);
    const row = (name: string, value: number) => ({
      name,
      value: spreadOf([value]),
      ratio: null,
      details: {},
    });
    return {
      title: 'Idle daemon',
      method: `User and system time of the daemon over ${SECONDS} s, acceleration on, nobody watching.`,
      unit: '% of a core',
      rows: [row('no connection', alone), row(`${QUIET_CONNECTIONS} quiet connections on the bypass`, quiet)],
      raw: { 'no connection': [alone], quiet: [quiet] },
    };
  },
};

async function besideQuietConnections(bed: Bed, options: CellOptions): Promise<number> {
  await using traffic = new Traffic(
    'exchange',
    { connections: QUIET_CONNECTIONS, 'pause-ms': 1000, seconds: 600 },
    { cgroup: bed.accelerated.path },
  );
  await traffic.port();
  await sleep(10_000);
  return await share(bed, options, `${QUIET_CONNECTIONS} quiet connections`);
}

async function share({ daemon }: Bed, { onProgress }: CellOptions, beside: string): Promise<number> {
  onProgress(`idle daemon, ${beside}, ${SECONDS} s`);
  await sleep(SETTLE_MS);
  const before = cpuTicks(daemon.process.pid);
  await sleep(SECONDS * 1000);
  return ((cpuTicks(daemon.process.pid) - before) / TICKS_PER_SECOND / SECONDS) * 100;
}

/** utime and stime of the whole process; its name may hold blanks and brackets. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
