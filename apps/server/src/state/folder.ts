import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal } from '../refusal.ts';

/** The files of one daemon: everything that it keeps, readable for its user only. */
export class StateFolder {
  readonly path: string;
  /** The outermost folder that had to be made. */
  readonly #made: string | null;

  /** Makes the folder if need be. Throws `Refusal` when it cannot be had, or when others could change what is in it. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#made = make(path);
      if (this.#made !== null) chmodSync(path, 0o700);
      checkOwn(path);
    } catch (error) {
      if (error instanceof Refusal) throw error;
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

/** A folder that is there already may be anybody's, and serve others too: it is judged, never changed. */
function checkOwn(path: string): void {
  const stat = lstatSync(path);
  if (!stat.isDirectory())
    throw new Refusal(`The state folder ${path} is not a folder.`, 'Choose another with --state-dir.');
  if (stat.uid !== process.getuid?.())
    throw new Refusal(
      `The state folder ${path} belongs to another user.`,
      'Choose another with --state-dir, or change its owner with chown.',
    );
  if ((stat.mode & 0o022) !== 0)
    throw new Refusal(
      `Others may write to the state folder ${path}.`,
      `Choose another with --state-dir, or run chmod go-w ${path}.`,
    );
}

/** Like `mkdir -p`, which Node's own never finishes where the kernel says ENOENT although the parent is there (in /proc). */
function make(path: string): string | null {
  if (existsSync(path)) return null;
  const made = make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
  return made ?? path;
}
