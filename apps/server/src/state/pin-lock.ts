import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileIdAt } from '../file-id.ts';
import { removeIfEmpty } from '../remove-if-empty.ts';
import { checkOwn } from './folder.ts';
import { lock } from './lock.ts';

/** The same in every network namespace, and like the pins gone with the next boot. */
const RUN = '/run/sidestep';
export const LOCKS = join(RUN, 'locks');
const OURS = /^[0-9a-f]{16}$/;
/** Each time somebody else removes what is about to be locked, because he ends or purges in this moment. */
const TRIES = 20;
/** SQLite’s word for a file whose folder is not there. */
const CANTOPEN = 14;

/** A short name for the pin folder, the same in every process. */
export function keyOf(pinDir: string): string {
  return createHash('sha256').update(pinDir).digest('hex').slice(0, 16);
}

/**
 * Holds a pin folder for this process alone, also against daemons with another state folder: docs/decisions/lock-the-pins.md. The lock file
 * goes with the holder, unless that one is killed. Null when another one has it. Throws `Refusal` when others than root could hold it.
 */
export function lockPins(key: string): Disposable | null {
  for (let attempt = 1; ; attempt++) {
    try {
      makeFolders();
      return lockNamed(join(LOCKS, key));
    } catch (error) {
      if (!isGone(error) || attempt === TRIES) throw error;
    }
  }
}

/** Removes the lock files of daemons that were killed, and the folder when no daemon has one in it. */
export function removeFreeLocks(): void {
  if (!existsSync(LOCKS)) return;
  for (const name of readdirSync(LOCKS).filter((one) => OURS.test(one))) {
    try {
      lockNamed(join(LOCKS, name))?.[Symbol.dispose]();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  for (const path of [LOCKS, RUN]) removeIfEmpty(path);
}

/** Whoever could open a lock file could hold it, and keep root out. */
function makeFolders(): void {
  for (const path of [RUN, LOCKS]) {
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    checkOwn(path, 'run folder', 'Remove it');
  }
}

class Gone extends Error {}

/** Throws `Gone` when the file was removed meanwhile: whoever comes next would find another one, and lock that. */
function lockNamed(path: string): Disposable | null {
  const held = lock(path);
  if (!held) return null;
  if (!isOpen(path)) {
    held[Symbol.dispose]();
    throw new Gone('its lock file is removed again and again');
  }
  return {
    [Symbol.dispose]: () => {
      // As long as it is locked nobody who opens it comes to have it.
      if (isOpen(path)) rmSync(path);
      held[Symbol.dispose]();
    },
  };
}

/** Whether this process has open what is at the path now. SQLite does not tell which file it has; numbers of files that are gone are used again. */
function isOpen(path: string): boolean {
  const id = fileIdAt(path);
  return (
    id !== null &&
    readdirSync('/proc/self/fd').some((descriptor) => fileIdAt(`/proc/self/fd/${descriptor}`) === id)
  );
}

function isGone(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number };
  return error instanceof Gone || code === 'ENOENT' || errcode === CANTOPEN;
}
