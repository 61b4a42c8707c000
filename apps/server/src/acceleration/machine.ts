import {
  type AccelerationState,
  type EnablingStep,
  type Failure,
  type HeldConnection,
  heldWords,
} from '@sidestep/shared';
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
  /** With `draining`: the connections that still have to leave, as of the last half second. */
  readonly held: readonly HeldConnection[];
  /** With `failed`. */
  readonly failure: Failure | null;
}

export interface MachineOptions {
  readonly dataPlane: DataPlane;
  readonly config: () => DataPlaneConfig;
  readonly wanted: Wanted;
  readonly now: () => number;
  /** Milliseconds since some moment, on a clock that nobody sets. */
  readonly steady: () => number;
  readonly log: Log;
  /** Resolves when nothing about this kernel stands in the way of loading the programs; throws `Refusal` when something does. */
  readonly clear: () => Promise<void>;
  /** Waits between two looks at what drains; ends early when the signal aborts. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
  /** Called after the programs were loaded; not after taking over. */
  readonly onEnabled: () => void;
  /** Called when what `start` could not take over was taken over after all, by somebody who switched on or off. */
  readonly onTakenOver: () => void;
  /** Called when the programs see nothing new any more, and before they go: the last moment to take events and counters from them. */
  readonly onDrained: () => void;
  readonly onDisabled: () => void;
}

const LOOK_MS = 500;
/** Before what was on is tried again; doubled each time. */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 60_000;
/** What a connection gets to empty its queues when somebody wants acceleration off now. */
const GRACE_MS = 1000;

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
  /** Something that an earlier process left in the kernel could not be taken over yet: since when it is on, where that is known. */
  #untaken: Partial<Pick<Phase, 'since'>> | null = null;
  /** Switching off and on again; until the first half of it was done. */
  #renewing = false;
  /** The daemon ends as soon as everything has left: nobody switches any more. */
  #leaving = false;
  /** On, but nobody takes the bypass: see `keepFromLoss`. */
  #sheltering = false;
  /** Why it was not even tried to switch on, the last time. */
  #refusal: Refusal | null = null;
  /** When the connections that have not left by then are reset, on the steady clock. */
  #resetAt: number | null = null;
  /** What was on is to be on again, and nobody has seen what became of it; `at` is on the steady clock. */
  #again: { readonly pauseMs: number; readonly at: number } | null = null;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#phase = { ...BLANK, state: 'off', since: options.now() };
  }

  get phase(): Phase {
    return this.#phase;
  }

  /**
   * Takes over what an earlier process left in the kernel and goes on to what was last wanted, in the background. Tells
   * whether there was something to take over.
   */
  start(): boolean {
    const kept = this.#options.wanted.load();
    const before = kept?.on ? { since: kept.since } : {};
    let adopted = false;
    try {
      adopted = this.#adopt();
    } catch (error) {
      this.#untaken = before;
      this.#wanted = kept?.on ?? false;
      if (this.#wanted) this.#insist();
      this.#fail(error);
      return false;
    }
    // Without a word to the contrary, what runs goes on running.
    this.#wanted = kept?.on ?? adopted;
    if (adopted) this.#enter({ state: 'on', ...before });
    if (this.#wanted) this.#insist();
    // Whoever has started us begins with what there is first.
    if (this.#wanted !== adopted) queueMicrotask(() => this.#reach(this.#wanted).catch(() => {}));
    return adopted;
  }

  /** Whether what is in the kernel is to stay there. */
  get isWanted(): boolean {
    return this.#wanted;
  }

  #insist(): void {
    this.#again = { pauseMs: FIRST_PAUSE_MS, at: this.#options.steady() + FIRST_PAUSE_MS };
  }

  /**
   * To be called once a second. What was on before the daemon started, or before its cgroup was made anew, is to be on again: where that was refused or failed it is tried
   * again, for a service may be on its way up or down, and a host that starts be busy. Not what a person has switched on, who sees what became of it.
   */
  tryAgain(): void {
    const { steady } = this.#options;
    const again = this.#again;
    if (!again || !this.#wanted || this.#reaching || this.#leaving) return;
    if (this.#phase.state === 'on') {
      this.#again = null;
      return;
    }
    if (steady() < again.at) return;
    const pauseMs = Math.min(2 * again.pauseMs, LONGEST_PAUSE_MS);
    this.#again = { pauseMs, at: steady() + pauseMs };
    this.#reaching = this.#drive();
  }

  #adopt(): boolean {
    const { dataPlane, config, log } = this.#options;
    const found = dataPlane.adopt(config());
    if (found === 'removed') log('Removed what an earlier daemon left in the kernel, for it no longer ran.');
    return found === 'running';
  }

  /**
   * Resolves when acceleration is on. Throws `DataPlaneError`, or `Refusal` when this kernel cannot have it, or when it was switched off
   * meanwhile.
   */
  async enable(): Promise<void> {
    this.#again = null;
    await this.#reach(true);
  }

  /**
   * Resolves when nothing of ours is left in the kernel. `now`: connections that do not empty their queues within a second are reset.
   * Throws `DataPlaneError`, or `Refusal` when it was switched on meanwhile.
   */
  async disable({ now = false } = {}): Promise<void> {
    this.#again = null;
    if (now) this.#resetAt ??= this.#options.steady() + GRACE_MS;
    await this.#reach(false);
  }

  /** Leaves the cgroup that it is attached to for the one that is at its place now. Does nothing but when acceleration is on. */
  renew(): void {
    if (this.#phase.state !== 'on' || this.#reaching) return;
    this.#options.log('The cgroup was made anew: leaving the old one for the new one.');
    this.#renewing = true;
    this.#insist();
    this.#reaching = this.#drive();
  }

  /**
   * To be called once a second. While no pin holds the programs in the kernel a daemon that is killed takes them along, and what was
   * redirected and not read: so every connection goes to the stack until they are pinned again.
   */
  keepFromLoss(pinned: boolean): void {
    const { dataPlane } = this.#options;
    if (this.#phase.state !== 'on' || this.#reaching) return;
    if (pinned && this.#sheltering) dataPlane.undrain();
    if (!pinned) dataPlane.drain();
    this.#sheltering = !pinned;
  }

  /**
   * Resolves when this process may end without taking a byte along: at once where pins keep the programs in the kernel; where nothing
   * but this process does, when every connection has left the bypass. From `hurry` on those that do not are reset. What was wanted
   * last stays so for the next start.
   */
  async leave(hurry: AbortSignal): Promise<void> {
    const { dataPlane, log, pause, steady } = this.#options;
    if (!dataPlane.enabled) return;
    if (dataPlane.surroundings().pinned) {
      log('What is accelerated stays so.');
      return;
    }
    log(
      'Nothing but the daemon keeps the programs in the kernel, for they are not pinned any more: every connection leaves the bypass ' +
        'first. A second signal resets those that still have something unread after a second.',
    );
    this.#leaving = true;
    this.#wanted = false;
    const reset = () => {
      this.#resetAt ??= steady() + GRACE_MS;
    };
    if (hurry.aborted) reset();
    hurry.addEventListener('abort', reset, { once: true });
    for (let told = false; ; told = true) {
      this.#reaching ??= this.#drive();
      await this.#reaching;
      if (!dataPlane.enabled || this.#stopping.signal.aborted || hurry.aborted) return;
      // For want of memory or descriptors, perhaps: to end now would lose what is unread.
      if (!told)
        log('Not everything has left yet, and looking at it failed: it is looked at again and again.');
      await pause(this.#stopping.signal);
    }
  }

  /** Leaves the kernel as it is and ends what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reaching?.catch(() => {});
  }

  async #reach(on: boolean): Promise<void> {
    if (this.#leaving) throw STOPPING();
    this.#wanted = on;
    if (on) this.#resetAt = null;
    this.#options.wanted.save({ on, since: this.#phase.since });
    this.#reaching ??= this.#drive();
    await this.#reaching;
    if (this.#stopping.signal.aborted) throw STOPPING();
    if (this.#wanted !== on) {
      const [did, meanwhile] = on ? ['on', 'off'] : ['off', 'on'];
      throw new Refusal(
        `Acceleration was switched ${meanwhile} again while it was being switched ${did}.`,
        'Agree on one of the two, then try again.',
      );
    }
    if (this.#refusal) throw this.#refusal;
    if (this.#phase.failure) throw new DataPlaneError(this.#phase.failure);
  }

  async #drive(): Promise<void> {
    let tried: boolean;
    do {
      tried = this.#wanted;
      this.#refusal = null;
      try {
        await this.#turn(tried);
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        if (error instanceof Refusal) this.#refuse(error);
        else this.#fail(error);
      }
    } while (this.#wanted !== tried && !this.#stopping.signal.aborted);
    // In the same breath as the last look at what is wanted: nobody may join a loop that looks no more.
    this.#reaching = null;
    this.#resetAt = null;
  }

  async #turn(on: boolean): Promise<void> {
    this.#takeOverAtLast();
    if (this.#renewing) await this.#turnOff();
    await (on ? this.#turnOn() : this.#turnOff());
  }

  /** Whoever switches wants what is in the kernel on or off. Why it could not be had may have passed; if not, that is what has failed. */
  #takeOverAtLast(): void {
    const before = this.#untaken;
    if (!before) return;
    const adopted = this.#adopt();
    this.#untaken = null;
    if (!adopted) return;
    this.#enter({ state: 'on', ...before });
    this.#options.onTakenOver();
  }

  async #turnOn(): Promise<void> {
    const { dataPlane, config, clear, onEnabled } = this.#options;
    if (this.#phase.state === 'on') return;
    if (dataPlane.enabled) {
      dataPlane.undrain();
      dataPlane.configure(config());
      this.#enter({ state: 'on' });
      return;
    }
    this.#enter({ state: 'enabling' });
    await clear();
    if (!this.#wanted || this.#stopping.signal.aborted) return;
    this.#update({ step: 'loading' });
    await dataPlane.enable(config(), (step) => this.#step(step));
    this.#enter({ state: 'on' });
    onEnabled();
  }

  async #turnOff(): Promise<void> {
    const { dataPlane, pause, steady, onDrained, onDisabled } = this.#options;
    if (!dataPlane.enabled) {
      this.#renewing = false;
      if (this.#phase.state !== 'off') this.#enter({ state: 'off' });
      return;
    }
    this.#enter({ state: 'draining' });
    let lookAt = Number.NEGATIVE_INFINITY;
    while ((!this.#wanted || this.#renewing) && !this.#stopping.signal.aborted) {
      const remaining = dataPlane.drain();
      this.#update({ remaining });
      if (remaining === 0) {
        dataPlane.remove(onDrained);
        this.#renewing = false;
        this.#enter({ state: 'off' });
        onDisabled();
        return;
      }
      if (steady() >= lookAt) {
        this.#update({ held: dataPlane.held() });
        lookAt = steady() + LOOK_MS;
      }
      if (this.#resetAt !== null && steady() >= this.#resetAt) {
        this.#reset();
        lookAt = Number.NEGATIVE_INFINITY;
        // Whoever could not be reset this time may be the next.
        this.#resetAt = steady() + GRACE_MS;
      }
      await pause(this.#stopping.signal);
    }
  }

  /** Between two steps nothing of ours runs yet: a daemon that is to stop goes no further, and the next one begins anew. */
  #step(step: EnablingStep): void {
    if (this.#stopping.signal.aborted) throw STOPPING();
    this.#update({ step });
  }

  #reset(): void {
    const { dataPlane, log } = this.#options;
    for (const held of dataPlane.reset())
      log(`Connection ${held.id} was reset: ${heldWords(held, (value) => `${value} bytes`)}`);
  }

  #enter(phase: { state: AccelerationState } & Partial<Phase>): void {
    this.#phase = { ...BLANK, since: this.#options.now(), ...phase };
    this.#sheltering = false;
    if (phase.state === 'on' && this.#wanted)
      this.#options.wanted.save({ on: true, since: this.#phase.since });
    this.#options.log(`Acceleration is ${phase.state}.${phase.failure ? ` ${phase.failure.message}` : ''}`);
    this.changes.notify();
  }

  #update(change: Partial<Phase>): void {
    const before = this.#phase;
    this.#phase = { ...before, ...change };
    const { step, remaining, held } = this.#phase;
    if (before.step !== step || before.remaining !== remaining || before.held !== held) this.changes.notify();
  }

  /** Nothing was touched, so nothing has failed. */
  #refuse(refusal: Refusal): void {
    this.#refusal = refusal;
    this.#options.log(refusal.message);
    this.#enter({ state: 'off' });
  }

  #fail(error: unknown): void {
    this.#enter({ state: 'failed', failure: failureOf(error) });
  }
}

const STOPPING = () => new Refusal('The daemon stops.', 'Try again when it is back.');

const BLANK = { step: null, remaining: null, held: [], failure: null } as const;

function failureOf(error: unknown): Failure {
  if (error instanceof DataPlaneError) return error.failure;
  return {
    message: `The data plane failed in a way that was not foreseen: ${wordsOf(error)}`,
    remedy: 'Look at the daemon’s log, then try again.',
    log: error instanceof Error ? (error.stack ?? null) : null,
  };
}
