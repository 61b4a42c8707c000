import type { TraceBatch, TraceLine, TraceStatus } from '@sidestep/shared';
import { z } from 'zod';
import { every } from '../every.ts';
import { type Log, wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { SequenceLog } from '../sequence-log.ts';
import type { Facts } from '../state/facts.ts';
import { hasTracefs, removeLeftOvers, TraceInstance } from './instance.ts';
import type { TraceService } from './service.ts';

const CAPACITY = 20_000;
const MOST_PER_BATCH = 1000;
const LOOK_MS = 100;
const NAME = 'trace.newest';
const MISSING = 'tracefs is not mounted at';
const MOUNT = 'Mount it: sudo mount -t tracefs tracefs';

export interface TraceOptions {
  /** Where tracefs is mounted, `/sys/kernel/tracing` as a rule. */
  readonly root: string;
  /** Tells the instances of several daemons apart. */
  readonly key: string;
  readonly facts: Facts;
  readonly now: () => number;
  readonly log: Log;
  /** Brings `isOn` to the data plane. */
  readonly apply: () => void;
}

/** The lines that the programs write with `bpf_printk` while somebody has switched them on. */
export class TraceRecorder implements TraceService, Disposable {
  readonly #options: TraceOptions;
  readonly #log: SequenceLog<TraceLine>;
  #instance: TraceInstance | null = null;
  #looking: Disposable | null = null;

  constructor(options: TraceOptions) {
    this.#options = options;
    this.#log = new SequenceLog(CAPACITY, z.int().min(0).catch(0).parse(options.facts.get(NAME)));
    if (hasTracefs(options.root)) removeLeftOvers(options.root);
  }

  get isOn(): boolean {
    return this.#instance !== null;
  }

  async status(): Promise<TraceStatus> {
    const { root } = this.#options;
    const available = hasTracefs(root);
    return { on: this.isOn, available, why: available ? null : `${MISSING} ${root}. ${MOUNT} ${root}` };
  }

  async switch(on: boolean): Promise<TraceStatus> {
    if (on && !this.#instance) this.#begin();
    if (!on) this.#end();
    return this.status();
  }

  #read(): void {
    const { facts, now } = this.#options;
    const lines = this.#instance?.readLines() ?? [];
    if (lines.length === 0) return;
    const at = new Date(now()).toISOString();
    facts.set(NAME, this.#log.newest + lines.length);
    this.#log.append(lines.map((text) => ({ at, text })));
  }

  async list(limit: number): Promise<TraceBatch> {
    return { lines: this.#log.before(this.#log.newest + 1, limit, () => true), missed: 0 };
  }

  async *follow(after: number | null, signal: AbortSignal): ReturnType<TraceService['follow']> {
    let last = Math.min(after ?? this.#log.newest, this.#log.newest);
    let isFirst = true;
    while (!signal.aborted) {
      const seen = this.#log.changes.version;
      const read = this.#log.after(last, MOST_PER_BATCH);
      last = read.last;
      // The first batch tells where the reader stands, so that it can resume even if nothing comes.
      if (isFirst || read.entries.length > 0)
        yield { last, batch: { lines: read.entries, missed: read.missed } };
      isFirst = false;
      if (last === this.#log.newest) await this.#log.changes.after(seen, signal);
    }
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #begin(): void {
    const { root, key, apply, log } = this.#options;
    if (!hasTracefs(root)) throw new Refusal(`${MISSING} ${root}.`, `${MOUNT} ${root}`);
    removeLeftOvers(root);
    try {
      this.#instance = new TraceInstance(root, key);
    } catch (error) {
      throw new Refusal(
        `The kernel refused a trace instance: ${wordsOf(error)}.`,
        'Check that tracefs is writable.',
      );
    }
    try {
      apply();
    } catch (error) {
      this.#drop();
      throw error;
    }
    this.#looking = every(LOOK_MS, 'read the trace', log, () => this.#read());
  }

  #end(): void {
    if (!this.#instance) return;
    // Each in any case, in this order from the bottom.
    using ending = new DisposableStack();
    ending.defer(() => this.#options.apply());
    ending.defer(() => this.#drop());
    this.#read();
  }

  /** It is off from here on, whatever the kernel says to that: nobody may use a descriptor that is closed. */
  #drop(): void {
    const instance = this.#instance;
    this.#instance = null;
    this.#looking?.[Symbol.dispose]();
    this.#looking = null;
    instance?.[Symbol.dispose]();
  }
}
