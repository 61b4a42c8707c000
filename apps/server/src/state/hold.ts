import { readFileSync } from 'node:fs';
import { fileIdAt } from '../file-id.ts';
import { Refusal } from '../refusal.ts';
import { StateFolder } from './folder.ts';
import { lock } from './lock.ts';
import { keyOf, LOCKS, lockPins } from './pin-lock.ts';
import { diskTrouble } from './trouble.ts';
import type { Kept } from './upkeep.ts';

export interface HeldFolder extends Disposable, Kept {
  file: StateFolder['file'];
  /** The start has succeeded: what was made for it stays. */
  keep(): void;
}

/** Makes the state folder if need be and holds it for this process alone. Throws `Refusal`, also where nothing can be written there, unless it is only `toRemove` it. */
export function holdFolder(path: string, how: { toRemove?: boolean } = {}): HeldFolder {
  const folder = new StateFolder(path, how);
  let held = take(folder);
  let isKept = false;
  return {
    file: (name) => folder.file(name),
    restore: () => {
      folder.restore();
      if (fileIdAt(folder.file('lock')) === held.id) return;
      const taken = take(folder);
      held[Symbol.dispose]();
      held = taken;
    },
    keep: () => {
      isKept = true;
    },
    [Symbol.dispose]: () => {
      held[Symbol.dispose]();
      if (!isKept) folder.discardIfNew();
    },
  };
}

function take(folder: StateFolder): Disposable & { readonly id: string | null } {
  const held = lock(folder.file('lock'));
  if (held) return { id: fileIdAt(folder.file('lock')), [Symbol.dispose]: () => held[Symbol.dispose]() };
  throw new Refusal(
    `Another daemon${pidIn(folder)} uses the state folder ${folder.path}.`,
    'Stop it with ./sidestep down, or choose another folder with --state-dir.',
  );
}

/** Holds the pin folder for this process alone. Throws `Refusal`. */
export function holdPins(pinDir: string): Disposable {
  const held = tryToLock(pinDir);
  if (held) return held;
  throw new Refusal(
    `Another daemon uses the pin folder ${pinDir}.`,
    'Stop it, or choose another folder with --pin-dir.',
  );
}

function tryToLock(pinDir: string): Disposable | null {
  try {
    return lockPins(keyOf(pinDir));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const { words, remedy } = diskTrouble(error);
    throw new Refusal(
      `The pin folder ${pinDir} cannot be locked in ${LOCKS}: ${words}.`,
      `${remedy} there.`,
      {
        cause: error,
      },
    );
  }
}

function pidIn(folder: StateFolder): string {
  try {
    return ` (process ${Number.parseInt(readFileSync(folder.file('daemon.pid'), 'utf8'), 10)})`;
  } catch {
    return '';
  }
}
