import type { Bed } from './bed.ts';
import { until } from './sandbox/until.ts';
import { Traffic, type TrafficOptions } from './traffic.ts';

/** What has it come to the bypass as soon as it may. Other programs run for seconds, or never come there. */
const WILLING: Readonly<Record<string, TrafficOptions>> = {
  exchange: { seconds: 60 },
  flood: { send: 65_536, nodelay: true, seconds: 60 },
};

const met = new WeakMap<Bed, Set<string>>();

/**
 * An executable's first connections stay on the stack until the daemon has looked at it, a tenth of a second or more. That comes once, and is not what a message
 * costs: who measures for a fraction of a second has it over with before.
 */
export async function introduce(
  bed: Bed,
  program: 'exchange' | 'flood' | 'stream' | 'shorts',
): Promise<void> {
  const known = met.get(bed) ?? new Set();
  met.set(bed, known);
  const options = WILLING[program];
  if (!options || known.has(program)) return;
  const before = await bed.bypassedBytes();
  await using _ = new Traffic(program, options, { cgroup: bed.accelerated.path });
  // Where it does not, what is measured says so.
  await until(`${program} comes to the bypass`, async () => (await bed.bypassedBytes()) > before).catch(
    () => {},
  );
  known.add(program);
}
