import type { AccelerationState, EnablingStep, Failure } from '@sidestep/shared';
import { Changes } from '../changes.ts';
import { type DataPlane, type DataPlaneConfig, DataPlaneError } from '../dataplane/dataplane.ts';
import { type Log, wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';
import type { Wanted } from './wanted.ts';

/** Where acceleration stands. */
export interface Phase {
  readonly state: AccelerationState;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  /** With `enabling`. */
  readonly step: EnablingStep | null;
  /** With `draining`. */
  readonly remaining: number | null;
  /** With `failed`. */
  readonly failure: Failure | null;
}

export interface MachineOptions {
  readonly dataPlane: DataPlane;
  readonly config: () => DataPlaneConfig;
  readonly wanted: Wanted;
  readonly now: () => number;
  readonly log: Log;
  /** Waits between two looks at what drains; ends early when the signal aborts. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
  /** Called after the programs were loaded; not after taking over. */
  readonly onEnabled: () => void;
  /** Called before the programs go: the last moment to take events and counters from them. */
  readonly onDrained: () => void;
  readonly onDisabled: () => void;
}

/**
 * `off → enabling → on → draining → off`, and `failed`. Callers say what they want, one loop makes it so: calls that want
 * the same join it, and the last word counts.
 */
export class AccelerationMachine {
  readonly changes = new Changes();
  readonly #options: MachineOptions;
  readonly #stopping = new AbortController();
  #phase: Phase;
  #wanted = false;
  #reaching: Promise<void> | null = null;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#phase = { state: 'off', since: options.now(), step: null, remaining: null, failure: null };
  }

  get phase(): Phase {
    return this.#phase;
  }

  /**
   * Takes over what an earlier process left in the kernel and goes on to what was last wanted, in the background. Tells
   * whether there was something to take over.
   */
  start(): boolean {
    const { dataPlane, config, wanted } = this.#options;
    const kept = wanted.load();
    let adopted = false;
    try {
      adopted = dataPlane.adopt(config());
    } catch (error) {
      this.#fail(error);
      return false;
    }
    // Without a word to the contrary, what runs goes on running.
    this.#wanted = kept?.on ?? adopted;
    if (adopted) this.#enter({ state: 'on', ...(kept?.on && { since: kept.since }) });
    if (this.#wanted !== adopted) this.#reach(this.#wanted).catch(() => {});
    return adopted;
  }

  /** Resolves when acceleration is on. Throws `DataPlaneError`, or `Refusal` when it was switched off meanwhile. */
  async enable(): Promise<void> {
    await this.#reach(true);
  }

  /** Resolves when nothing of ours is left in the kernel. Throws `DataPlaneError`, or `Refusal` when it was switched on meanwhile. */
  async disable(): Promise<void> {
    await this.#reach(false);
  }

  /** Leaves the kernel as it is and ends what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reaching?.catch(() => {});
  }

  async #reach(on: boolean): Promise<void> {
    this.#wanted = on;
    this.#options.wanted.save({ on, since: this.#phase.since });
    this.#reaching ??= this.#drive();
    await this.#reaching;
    if (this.#stopping.signal.aborted) throw new Refusal('The daemon stops.', 'Try again when it is back.');
    if (this.#wanted !== on) {
      const [did, meanwhile] = on ? ['on', 'off'] : ['off', 'on'];
      throw new Refusal(
        `Acceleration was switched ${meanwhile} again while it was being switched ${did}.`,
        'Agree on one of the two, then try again.',
      );
    }
    if (this.#phase.failure) throw new DataPlaneError(this.#phase.failure);
  }

  async #drive(): Promise<void> {
    let tried: boolean;
    do {
      tried = this.#wanted;
      try {
        await (tried ? this.#turnOn() : this.#turnOff());
      } catch (error) {
        this.#fail(error);
      }
    } while (this.#wanted !== tried && !this.#stopping.signal.aborted);
    // In the same breath as the last look at what is wanted: nobody may join a loop that looks no more.
    this.#reaching = null;
  }

  async #turnOn(): Promise<void> {
    const { dataPlane, config, onEnabled } = this.#options;
    if (this.#phase.state === 'on') return;
    if (dataPlane.enabled) {
      dataPlane.undrain();
      dataPlane.configure(config());
      this.#enter({ state: 'on' });
      return;
    }
    this.#enter({ state: 'enabling', step: 'loading' });
    await dataPlane.enable(config(), (step) => this.#update({ step }));
    this.#enter({ state: 'on' });
    onEnabled();
  }

  async #turnOff(): Promise<void> {
    const { dataPlane, pause, onDrained, onDisabled } = this.#options;
    if (!dataPlane.enabled) {
      if (this.#phase.state !== 'off') this.#enter({ state: 'off' });
      return;
    }
    this.#enter({ state: 'draining' });
    while (!this.#wanted && !this.#stopping.signal.aborted) {
      const remaining = dataPlane.drain();
      this.#update({ remaining });
      if (remaining === 0) {
        onDrained();
        dataPlane.remove();
        this.#enter({ state: 'off' });
        onDisabled();
        return;
      }
      await pause(this.#stopping.signal);
    }
  }

  #enter(phase: { state: AccelerationState } & Partial<Phase>): void {
    this.#phase = { since: this.#options.now(), step: null, remaining: null, failure: null, ...phase };
    if (phase.state === 'on' && this.#wanted)
      this.#options.wanted.save({ on: true, since: this.#phase.since });
    this.#options.log(`Acceleration is ${phase.state}.${phase.failure ? ` ${phase.failure.message}` : ''}`);
    this.changes.notify();
  }

  #update(change: Partial<Phase>): void {
    const before = this.#phase;
    this.#phase = { ...before, ...change };
    if (before.step !== this.#phase.step || before.remaining !== this.#phase.remaining) this.changes.notify();
  }

  #fail(error: unknown): void {
    this.#enter({ state: 'failed', failure: failureOf(error) });
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof DataPlaneError) return error.failure;
  return {
    message: `The data plane failed in a way that was not foreseen: ${wordsOf(error)}`,
    remedy: 'Look at the daemon’s log, then try again.',
    log: error instanceof Error ? (error.stack ?? null) : null,
  };
}
