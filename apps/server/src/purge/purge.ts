import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { plainLines } from '@sidestep/shared';
import { removeScratchCgroups } from '../check-up/scratch-cgroup.ts';
import type { DaemonParts } from '../daemon.ts';
import { DataPlaneError } from '../dataplane/dataplane.ts';
import { checkPrivileges, refuseMountPoint } from '../host/checks.ts';
import { type Log, wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { holdFolder, holdPins } from '../state/hold.ts';
import { removeFreeLocks } from '../state/pin-lock.ts';
import { hasTracefs, removeLeftOvers } from '../trace/instance.ts';
import { removeFromKernel } from './kernel.ts';
import { removeState } from './state.ts';

export interface PurgeOptions {
  /** Absolute, like `pinDir`. Neither needs to exist. */
  readonly stateDir: string;
  readonly pinDir: string;
  /** Reset connections that do not drain within a second. */
  readonly now: boolean;
}

export interface PurgeParts {
  readonly createDataPlane: DaemonParts['createDataPlane'];
  readonly say: Log;
  readonly traceRoot: string;
}

/**
 * Removes everything that daemons with these folders have left in the kernel and in the file system, and says what. The folders are held
 * meanwhile: throws `Refusal` when a daemon runs on either, and `DataPlaneError` when the kernel's part cannot be removed; then the
 * state stays too, so that a daemon can be started again.
 */
export async function purge({ stateDir, pinDir, now }: PurgeOptions, parts: PurgeParts): Promise<void> {
  const { createDataPlane, say, traceRoot } = parts;
  checkPrivileges();
  refuseMountPoint(pinDir);
  {
    using held = new DisposableStack();
    if (existsSync(stateDir)) held.use(holdFolder(stateDir, { toRemove: true }));
    held.use(holdPins(pinDir));
    await removeFromKernel(createDataPlane({ cgroup: null, pinDir, maxConnections: null }), pinDir, now, say);
    if (hasTracefs(traceRoot)) removeLeftOvers(traceRoot);
    removeScratchCgroups();
  }
  removeFreeLocks();
  removeState(stateDir, say);
}

/** `purge --state-dir PATH --pin-dir PATH [--now]`, for the script. Exit status: 0 removed, 1 refused or failed. */
export async function runPurge(
  args: readonly string[],
  createDataPlane: DaemonParts['createDataPlane'],
): Promise<void> {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { 'state-dir': string, 'pin-dir': string, now: { type: 'boolean' } },
  });
  const {
    'state-dir': stateDir = '/var/lib/sidestep',
    'pin-dir': pinDir = '/sys/fs/bpf/sidestep',
    now = false,
  } = values;
  const say = (words: string) => process.stdout.write(`${plainLines(words)}\n`);
  try {
    await purge({ stateDir, pinDir, now }, { createDataPlane, say, traceRoot: '/sys/kernel/tracing' });
  } catch (error) {
    const told = error instanceof Refusal || error instanceof DataPlaneError;
    const words = told ? error.message : `Could not remove everything: ${wordsOf(error)}.`;
    process.stderr.write(`sidestep: ${plainLines(words)}\n`);
    process.exitCode = 1;
  }
}
