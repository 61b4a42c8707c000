import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../refusal.ts';

/** The files of one daemon: everything that it keeps, readable for its user only. */
export class StateFolder {
  readonly path: string;
  readonly #isNew: boolean;

  /** Makes the folder if need be. Throws `Refusal` when it cannot be had. */
  constructor(path: string) {
    this.path = path;
    this.#isNew = statSync(path, { throwIfNoEntry: false }) === undefined;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
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
    if (this.#isNew) rmSync(this.path, { recursive: true, force: true });
  }
}
