import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../stages/command.ts';

const INIT = join(root, 'scripts/kernels/guest/init');
/**
 * One thread for both processors. With one each, a processor that comes upon an instruction while the other patches it (the first system call
 * tracepoint that is attached patches them all) may take the breakpoint that stands there meanwhile for good, and spins on it for ever.
 */
const ACCELERATOR = 'tcg,thread=single';
const MACHINE = [
  '-accel',
  ACCELERATOR,
  '-cpu',
  'max',
  '-smp',
  '2',
  '-m',
  '3G',
  '-nodefaults',
  '-no-user-config',
];
/**
 * Left to itself the kernel distrusts the emulated processor's counter and asks the HPET for the time, a device that is emulated, too: at
 * each packet, and by a system call each time that a program wants to know. The rest spares what an emulator is slow at and no test is about.
 */
const FASTER = 'tsc=reliable clocksource=tsc mitigations=off rcupdate.rcu_expedited=1';

export interface Boot {
  /** The kernel's own file, and the first file system. */
  readonly image: string;
  readonly initramfs: string;
  /** File for what the console says. */
  readonly log: string;
  readonly limitMs: number;
  /** Those to make. */
  readonly checks: readonly string[];
  /** Each line that the guest writes to its second serial port. */
  readonly onLine: (line: string) => void;
}

/** Runs a kernel until it switches its machine off. Why it did not; null when it did: also a machine that panicked has switched itself off. */
export async function boot({ image, initramfs, log, limitMs, checks, onLine }: Boot): Promise<string | null> {
  const kernel = `console=ttyS0 quiet loglevel=4 panic=-1 oops=panic ${FASTER}`;
  const words = `${kernel} rdinit=${INIT} SIDESTEP_ROOT=${root} SIDESTEP_CHECKS=${checks.join(',')}`;
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...MACHINE,
      ...['-machine', 'q35', '-display', 'none', '-no-reboot'],
      ...['-kernel', image, '-initrd', initramfs, '-append', words],
      ...['-serial', `file:${log}`, '-serial', 'stdio'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  createInterface({ input: child.stdout }).on('line', onLine);
  const ended = once(child, 'close').then(([code]) =>
    code === 0 ? null : `the emulator ended with ${code}`,
  );
  const late = sleep(limitMs, `not done after ${limitMs / 60_000} minutes`, { ref: false });
  const trouble = await Promise.race([ended, late]);
  child.kill('SIGKILL');
  await ended;
  return trouble;
}
