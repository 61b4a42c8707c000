import type { Log } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { diskTrouble } from './trouble.ts';

const LOOK_MS = 1000;

/** Something of ours in the state folder. */
export interface Kept {
  /** Puts it back where it is missing; cheap when it is there. Throws when it cannot be put back. */
  restore(): void | Promise<void>;
}

/** Looks after the state folder while the daemon runs: what somebody takes away is put back, and what cannot be kept is said. */
export class Upkeep implements AsyncDisposable {
  readonly #path: string;
  readonly #kept: readonly Kept[];
  readonly #log: Log;
  readonly #trouble: () => unknown;
  #lastTrouble: unknown = null;
  #told: string | null = null;
  #looking: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;

  /** `kept` in the order in which they need each other; `trouble` tells why the last change was not kept, or null. */
  constructor(path: string, kept: readonly Kept[], trouble: () => unknown, log: Log) {
    this.#path = path;
    this.#kept = kept;
    this.#trouble = trouble;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    }, LOOK_MS);
  }

  /** What a person should know, in one sentence with its remedy; null when all is well. */
  get notice(): string | null {
    const trouble = this.#trouble() ?? this.#lastTrouble;
    if (trouble === null) return null;
    // It says itself what to do.
    if (trouble instanceof Refusal) return trouble.message;
    const { words, remedy } = diskTrouble(trouble);
    return (
      `Nothing can be kept in ${this.#path}: ${words}. History, sign-ins and whether acceleration was switched on or off are in memory ` +
      `only, and are lost when the daemon ends. ${remedy} there; everything is written down then.`
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      for (const kept of this.#kept) await kept.restore();
      this.#lastTrouble = null;
    } catch (error) {
      this.#lastTrouble = error;
    }
    const { notice } = this;
    if (notice === this.#told) return;
    this.#log(notice ?? `Everything is kept in ${this.#path} again.`);
    this.#told = notice;
  }
}
