import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal } from '../refusal.ts';
import { knownTrouble } from './trouble.ts';

/** Bytes of a path that fit the address of a unix socket (sun_path), with a zero behind them. */
const LONGEST_SOCKET_PATH = 107;
/** Bytes: far more than a start writes. */
const ROOM = 262_144;

/** The files of one daemon: everything that it keeps, readable for its user only. */
export class StateFolder {
  readonly path: string;
  /** The outermost folder that had to be made. */
  readonly #made: string | null;

  /**
   * Makes the folder if need be. Throws `Refusal` when it cannot be had, or when others could change what is in it; and when nothing can be written there, unless it is only
   * `toRemove` it.
   */
  constructor(path: string, { toRemove = false } = {}) {
    this.path = path;
    if (!toRemove) this.#assertShort();
    try {
      this.#made = this.#make();
      if (!toRemove) this.#tryToWrite(this.#made);
    } catch (error) {
      if (error instanceof Refusal || knownTrouble(error)) throw asRefusal(path, error);
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

  /** Makes it once more where somebody has removed it, and judges it: another one may stand in its place. Throws as the constructor does. */
  restore(): void {
    this.#make();
  }

  #assertShort(): void {
    if (Buffer.byteLength(this.file('daemon.sock')) <= LONGEST_SOCKET_PATH) return;
    throw new Refusal(
      `The path of the state folder ${this.path} is too long for the socket that the command line talks to.`,
      'Choose a shorter one with --state-dir.',
    );
  }

  #make(): string | null {
    const made = make(this.path);
    if (made !== null) chmodSync(this.path, 0o700);
    checkOwn(this.path, 'state folder', 'Choose another with --state-dir');
    return made;
  }

  /** Everything that a start writes finds room then, or the start ends here. */
  #tryToWrite(made: string | null): void {
    const path = join(this.path, 'sidestep.probe');
    try {
      writeFileSync(path, Buffer.alloc(ROOM), { mode: 0o600 });
    } catch (error) {
      if (made !== null) rmSync(made, { recursive: true });
      throw error;
    } finally {
      rmSync(path, { force: true });
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

/** What keeps the state folder from being used, if it is its disk; all other errors as they are. */
export function asRefusal(path: string, error: unknown): unknown {
  const trouble = knownTrouble(error);
  if (!trouble) return error;
  return new Refusal(
    `The state folder ${path} cannot be used: ${trouble.words}.`,
    `${trouble.remedy} there, or choose another folder with --state-dir.`,
    { cause: error },
  );
}

/**
 * A folder that is there already may be anybody's, and serve others too: it is judged, never changed. Throws `Refusal` unless only this user
 * can change what is in it. `remedy` is the beginning of a sentence.
 */
export function checkOwn(path: string, name: string, remedy: string): void {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw new Refusal(`The ${name} ${path} is not a folder.`, `${remedy}.`);
  if (stat.uid !== process.getuid?.())
    throw new Refusal(
      `The ${name} ${path} belongs to another user.`,
      `${remedy}, or change its owner with chown.`,
    );
  if ((stat.mode & 0o022) !== 0)
    throw new Refusal(`Others may write to the ${name} ${path}.`, `${remedy}, or run chmod go-w ${path}.`);
}

/** Like `mkdir -p`, which Node's own never finishes where the kernel says ENOENT although the parent is there (in /proc). */
function make(path: string): string | null {
  if (existsSync(path)) return null;
  const made = make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
  return made ?? path;
}
