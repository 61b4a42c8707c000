import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HeldConnection, heldWords, settingsSchema } from '@sidestep/shared';
import { AccelerationMachine } from '../acceleration/machine.ts';
import type { DataPlane } from '../dataplane/dataplane.ts';
import { DataPlaneError } from '../dataplane/dataplane.ts';
import { every } from '../every.ts';
import type { Log } from '../log.ts';

const DRAIN_MS = 20;
const TELL_MS = 1000;
/** Until the kernel switch is thrown, which is at once. */
const CONFIG = { ...settingsSchema.parse({}), printk: false } as const;

/**
 * Takes over what a daemon that is gone has left in the kernel, lets it drain, and removes it. `now` resets what has not drained within
 * a second. Throws `DataPlaneError`.
 */
export async function removeFromKernel(
  dataPlane: DataPlane,
  pinDir: string,
  now: boolean,
  say: Log,
): Promise<void> {
  if (!existsSync(pinDir)) return;
  const before = readdirSync(pinDir);
  const machine = new AccelerationMachine({
    dataPlane,
    config: () => CONFIG,
    wanted: { load: () => ({ on: false, since: 0 }), save: () => {} },
    now: Date.now,
    steady: () => performance.now(),
    log: (line) => line.includes(' was reset: ') && say(line),
    clear: async () => {},
    pause: (signal) => sleep(DRAIN_MS, undefined, { signal }).catch(() => {}),
    onEnabled: () => {},
    onTakenOver: () => {},
    onDrained: () => {},
    onDisabled: () => {},
  });
  const adopted = machine.start();
  if (machine.phase.failure) throw new DataPlaneError(machine.phase.failure);
  if (adopted) {
    let told = '';
    using _telling = every(TELL_MS, 'tell what is left', say, () => {
      const words = machine.phase.held.map(lineOf).join('\n');
      if (words !== told && words !== '') say(`Waiting for:\n${words}`);
      told = words;
    });
    await machine.disable({ now });
  }
  const left = existsSync(pinDir) ? readdirSync(pinDir) : [];
  const gone = before.filter((name) => !left.includes(name));
  if (gone.length > 0 || !existsSync(pinDir))
    say(`Removed: ${gone.length} programs, maps and links, pinned in ${pinDir}.`);
  if (left.length > 0) say(`Left: ${left.join(', ')} in ${pinDir}, which Sidestep has not made.`);
}

const lineOf = (held: HeldConnection) => `  #${held.id}  ${heldWords(held, (value) => `${value} bytes`)}`;
