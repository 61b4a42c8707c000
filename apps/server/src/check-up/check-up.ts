import { release } from 'node:os';
import { type Check, type CheckUp, type CheckUpState, preventsAll } from '@sidestep/shared';
import { Changes } from '../changes.ts';
import type { Log } from '../log.ts';
import { Refusal } from '../refusal.ts';
import type { CheckUpService } from './service.ts';

/** Makes every probe once. Never throws: a probe that cannot be made is a check like the others. Ends early when the signal aborts. */
export type Examine = (signal: AbortSignal) => Promise<Check[]>;

/** Of the running kernel. `now` is in milliseconds since the Unix epoch. */
export async function examineNow(examine: Examine, now: () => number, signal: AbortSignal): Promise<CheckUp> {
  const at = new Date(now()).toISOString();
  const started = performance.now();
  const checks = await examine(signal);
  return { at, took: Math.round(performance.now() - started), kernel: release(), checks };
}

export interface KernelCheckUpOptions {
  readonly examine: Examine;
  readonly now: () => number;
  readonly log: Log;
}

/** Examines the running kernel, remembers what came of it, and says whether anything may be accelerated. */
export class KernelCheckUp implements CheckUpService, AsyncDisposable {
  readonly #options: KernelCheckUpOptions;
  readonly #changes = new Changes();
  readonly #stopping = new AbortController();
  #last: CheckUp | null = null;
  #running: Promise<void> | null = null;

  constructor(options: KernelCheckUpOptions) {
    this.#options = options;
  }

  state(): CheckUpState {
    return { running: this.#running !== null, last: this.#last };
  }

  async *watch(signal: AbortSignal): ReturnType<CheckUpService['watch']> {
    while (!signal.aborted) {
      const seen = this.#changes.version;
      yield this.state();
      await this.#changes.after(seen, signal);
    }
  }

  async run(): Promise<CheckUpState> {
    this.#running ??= this.#examine();
    await this.#running;
    return this.state();
  }

  /** Why nothing can be accelerated, as far as is known; null when nothing is known to stand in the way. */
  get obstacle(): string | null {
    const [first, ...others] = this.#failed();
    if (!first) return null;
    const what =
      first.outcome === 'refused'
        ? 'This kernel failed a test that the bypass depends on'
        : 'A test that the bypass depends on could not be made';
    const more = others.length > 0 ? `, and ${others.length} more` : '';
    return `${what}: “${first.title}”${more}.`;
  }

  /**
   * Resolves when every essential probe has passed. Where one has not, all are made again first: somebody may have put right what was
   * wrong, and a host may have been too busy. Throws `Refusal`.
   */
  async clear(): Promise<void> {
    if (this.#running || this.#last === null) await this.run();
    if (this.#failed().length > 0) await this.run();
    if (this.#stopping.signal.aborted) throw new Refusal('The daemon stops.', 'Try again when it is back.');
    const [first] = this.#failed();
    if (first)
      throw new Refusal(`${this.obstacle} ${first.seen}`, `${first.does} ./sidestep doctor says more.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => {});
  }

  async #examine(): Promise<void> {
    const { examine, now, log } = this.#options;
    this.#changes.notify();
    try {
      const found = await examineNow(examine, now, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      this.#last = found;
      log(this.#words(found));
    } finally {
      this.#running = null;
      this.#changes.notify();
    }
  }

  #words({ checks, kernel, took }: CheckUp): string {
    const fine = checks.filter(({ outcome }) => outcome === 'fine').length;
    return `Check-up of ${kernel}: ${fine} of ${checks.length} fine, in ${took} ms. ${this.obstacle ?? ''}`.trim();
  }

  #failed(): Check[] {
    return this.#last?.checks.filter(preventsAll) ?? [];
  }
}
