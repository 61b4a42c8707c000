import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal } from '../refusal.ts';

/** The files of one daemon: everything that it keeps, readable for its user only. */
export class StateFolder {
  readonly path: string;
  /** The outermost folder that had to be made. */
  readonly #made: string | null;

  /** Makes the folder if need be. Throws `Refusal` when it cannot be had. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#made = make(path);
      chmodSync(path, 0o700);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Refusal(
        `The state folder ${path} cannot be used (${code}).`,
        'Choose another with --state-dir.',
        {
          cause: error,
        },
      );
    }
  }

  file(name: 'daemon.pid' | 'daemon.sock' | 'lock' | 'sidestep.db' | 'token'): string {
    return join(this.path, name);
  }

  /** Takes back what the constructor made, after a start that failed. */
  discardIfNew(): void {
    if (this.#made !== null) rmSync(this.#made, { recursive: true, force: true });
  }
}

/** Like `mkdir -p`, which Node's own never finishes where the kernel says ENOENT although the parent is there (in /proc). */
function make(path: string): string | null {
  if (existsSync(path)) return null;
  const made = make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
  return made ?? path;
}
