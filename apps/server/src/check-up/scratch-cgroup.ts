import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findCgroupRoot } from '../host/filesystems.ts';

const PREFIX = 'sidestep-check-up-';
/** The kernel lets go of a cgroup a moment after its last process has ended. */
const TRIES = 50;
const PAUSE_MS = 20;

let made = 0;

/** A cgroup for the probes, in which they make others. */
export class ScratchCgroup implements AsyncDisposable {
  readonly path: string;

  /** Throws where no cgroup v2 tree is mounted. */
  constructor() {
    const root = findCgroupRoot();
    if (root === null) throw new Error('No cgroup v2 tree is mounted.');
    removeScratchCgroups();
    this.path = join(root, `${PREFIX}${process.pid}-${made++}`);
    mkdirSync(this.path, { mode: 0o700 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let attempt = 1; !tryToRemove(this.path) && attempt < TRIES; attempt++) await sleep(PAUSE_MS);
  }
}

/** Of check-ups whose process was killed. */
export function removeScratchCgroups(): void {
  const root = findCgroupRoot();
  if (root === null) return;
  for (const name of readdirSync(root)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) tryToRemove(join(root, name));
  }
}

/** With the cgroups in it. False while a process is in one of them. */
function tryToRemove(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) rmdirSync(join(path, entry.name));
    rmdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') return false;
    // Somebody else has removed it.
    if (code === 'ENOENT') return true;
    throw error;
  }
}
