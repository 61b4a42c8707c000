import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from './bed.ts';
import type { Cell, Point } from './cell.ts';
import { planOf } from './rounds.ts';
import { until } from './sandbox/until.ts';
import { Traffic } from './traffic.ts';

/** Its work is rare, so it takes long to see how much that is. */
const LONGER = 100;
const QUIET_CONNECTIONS = 100;
const SETTLE_SECONDS = 2;
/** What it takes until all have joined, as a rule. */
const JOIN_SECONDS = 10;
/** Linux's USER_HZ, the same on every architecture that Sidestep runs on. */
const TICKS_PER_SECOND = 100;

/** What the daemon costs while acceleration is on and nobody watches. Once is enough: half a minute has many turns of everything it does. */
export const idleDaemon: Cell = {
  name: 'idle-daemon',
  plan(options) {
    const seconds = options.seconds * LONGER;
    const method = `User and system time of the daemon over ${seconds} s, acceleration on, nobody watching.`;
    const points = [
      point('none', (bed) => share(bed, seconds)),
      point(`${QUIET_CONNECTIONS} quiet ones on the bypass`, (bed) => besideQuietConnections(bed, seconds)),
    ];
    return planOf(
      { name: 'idle-daemon', title: 'Idle daemon', method, unit: '% of a core' },
      options.variants.includes('Sidestep') ? points : [],
      { rounds: 1, secondsEach: seconds + SETTLE_SECONDS + JOIN_SECONDS / 2 },
    );
  },
};

function point(connections: string, measure: (bed: Bed) => Promise<number>): Point {
  return {
    labels: { connections },
    variants: ['Sidestep'],
    measure: async (bed) => ({ value: await measure(bed), details: {}, trouble: null }),
  };
}

async function besideQuietConnections(bed: Bed, seconds: number): Promise<number> {
  await using traffic = new Traffic(
    'exchange',
    { connections: QUIET_CONNECTIONS, 'pause-ms': 1000, seconds: 600 },
    { cgroup: bed.accelerated.path },
  );
  await traffic.port();
  const allAreThere = async () => (await bed.bypassing()) >= QUIET_CONNECTIONS;
  await until(`${QUIET_CONNECTIONS} quiet connections are on the bypass`, allAreThere, { every: 250 });
  const measured = await share(bed, seconds);
  if (!traffic.process.running || !(await allAreThere()))
    throw new Error('not all of the quiet connections stayed on the bypass');
  return measured;
}

async function share({ daemon }: Bed, seconds: number): Promise<number> {
  await sleep(SETTLE_SECONDS * 1000);
  const before = cpuTicks(daemon.process.pid);
  await sleep(seconds * 1000);
  return ((cpuTicks(daemon.process.pid) - before) / TICKS_PER_SECOND / seconds) * 100;
}

/** utime and stime of the whole process; its name may hold blanks and brackets. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
