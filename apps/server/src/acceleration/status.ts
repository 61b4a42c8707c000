import { hostname, release } from 'node:os';
import type { Status } from '@sidestep/shared';
import type { ConnectionSampler } from '../connections/sampler.ts';
import type { Counters } from '../statistics/counters.ts';
import type { AccelerationMachine, Phase } from './machine.ts';
import type { AccelerationService } from './service.ts';

const TOTALS_MS = 1000;
const MOST_HELD = 50;

export interface AccelerationOptions {
  readonly machine: AccelerationMachine;
  readonly counters: Counters;
  readonly sampler: ConnectionSampler;
  /** Why nothing can be accelerated on this kernel, or null. */
  readonly obstacle: () => string | null;
  readonly cgroup: string;
  readonly pinDir: string;
  readonly version: string;
  readonly now: () => number;
  /** What else a person should know, one sentence each: the database was damaged, for example. */
  readonly notices: () => readonly string[];
  /** How many connections still have to leave programs of another version. */
  readonly retiring: () => number;
}

/** The switch and the state, as they go over the wire. */
export class Acceleration implements AccelerationService {
  readonly #options: AccelerationOptions;

  constructor(options: AccelerationOptions) {
    this.#options = options;
  }

  async status(): Promise<Status> {
    const { machine, counters, sampler, obstacle, cgroup, pinDir, version, now, notices, retiring } =
      this.#options;
    const { phase } = machine;
    const { bytes, messages, untracked, leftOut } = counters.refresh();
    const words = [wordsOf(phase), retiringWords(retiring()), ...notices()].filter(
      (sentence) => sentence !== null,
    );
    return {
      state: phase.state,
      reason: words.length > 0 ? words.join(' ') : null,
      // The clock may have been set back since.
      since: new Date(Math.min(phase.since, now())).toISOString(),
      pid: process.pid,
      cgroup,
      version,
      ...(await sampler.summary(TOTALS_MS)),
      bytes,
      messages,
      events: counters.events,
      untracked,
      leftOut,
      step: phase.step,
      remaining: phase.remaining,
      held:
        phase.state === 'draining'
          ? { connections: phase.held.length, most: phase.held.slice(0, MOST_HELD) }
          : null,
      failure: phase.failure,
      inspectOnly: phase.state === 'off' ? obstacle() : null,
      host: { name: hostname(), kernel: release() },
      pinDir,
    };
  }

  async *watch(signal: AbortSignal): ReturnType<AccelerationService['watch']> {
    const { changes } = this.#options.machine;
    let told = '';
    while (!signal.aborted) {
      const seen = changes.version;
      const status = await this.status();
      const text = JSON.stringify(status);
      if (text !== told) yield status;
      told = text;
      const turn = AbortSignal.any([signal, AbortSignal.timeout(TOTALS_MS)]);
      await changes.after(seen, turn);
    }
  }

  async enable(): Promise<Status> {
    await this.#options.machine.enable();
    return this.status();
  }

  async disable(how?: { now: boolean }): Promise<Status> {
    await this.#options.machine.disable(how);
    return this.status();
  }
}

function retiringWords(count: number): string | null {
  if (count === 0) return null;
  return count === 1
    ? '1 connection still leaves the previous version’s programs.'
    : `${count} connections still leave the previous version’s programs.`;
}

function wordsOf({ state, held, failure }: Phase): string | null {
  if (failure) return failure.message;
  if (state !== 'draining' || held.length === 0) return null;
  return held.length === 1
    ? '1 connection still empties its queues.'
    : `${held.length} connections still empty their queues.`;
}
