import { readFileSync } from 'node:fs';
import { Refusal } from '../refusal.ts';
import { StateFolder } from './folder.ts';
import { lock } from './lock.ts';
import { keyOf, lockPins } from './pin-lock.ts';

export interface HeldFolder extends Disposable {
  file: StateFolder['file'];
  /** The start has succeeded: what was made for it stays. */
  keep(): void;
}

/** Makes the state folder if need be and holds it for this process alone. Throws `Refusal`. */
export function holdFolder(path: string): HeldFolder {
  const folder = new StateFolder(path);
  const held = lock(folder.file('lock'));
  if (!held) {
    throw new Refusal(
      `Another daemon${pidIn(folder)} uses the state folder ${path}.`,
      'Stop it with ./sidestep down, or choose another folder with --state-dir.',
    );
  }
  let isKept = false;
  return {
    file: (name) => folder.file(name),
    keep: () => {
      isKept = true;
    },
    [Symbol.dispose]: () => {
      held[Symbol.dispose]();
      if (!isKept) folder.discardIfNew();
    },
  };
}

/** Holds the pin folder for this process alone. Throws `Refusal`. */
export async function holdPins(pinDir: string): Promise<AsyncDisposable> {
  const held = await lockPins(keyOf(pinDir));
  if (held) return held;
  throw new Refusal(
    `Another daemon uses the pin folder ${pinDir}.`,
    'Stop it, or choose another folder with --pin-dir.',
  );
}

function pidIn(folder: StateFolder): string {
  try {
    return ` (process ${Number.parseInt(readFileSync(folder.file('daemon.pid'), 'utf8'), 10)})`;
  } catch {
    return '';
  }
}
