import type { Connection } from '@sidestep/shared';
import type { DataPlane } from '../dataplane/dataplane.ts';
import type { Counters } from '../statistics/counters.ts';
import { eventFromDaemon, eventFromKernel, isoOfMicroseconds } from './convert.ts';
import type { Journal, Place } from './journal.ts';

const BATCH = 512;
/** More than the ring holds. */
const MOST_BATCHES = 64;
/** Milliseconds. Where the kernel reports faster than we read, the page has its turn too; what is left waits in the ring. */
const LONGEST_TURN_MS = 10;

/** Waking up costs more than looking: where nothing has happened for a while, we look less often. */
const BUSY_MS = 20;
const QUIET_MS = 100;
const BEHIND_MS = 1;
/** While connections are on their way in or out: each step of that waits for us. Not for long, for a reader that has stopped keeps them there. */
const TENDING_MS = 4;
const TENDING_FOR_MS = 1000;
const BUSY_FOR_MS = 2000;

export interface PumpOptions {
  readonly dataPlane: DataPlane;
  readonly counters: Counters;
  readonly journal: Journal;
  readonly now: () => number;
  readonly steady: () => number;
  readonly onClosed: (connection: Connection) => void;
}

/** Moves events from the kernel into the journal. */
export class Pump {
  readonly #options: PumpOptions;
  #lost = 0;
  #busyUntil = Number.NEGATIVE_INFINITY;
  #behind = false;
  /** Since when there has been something to do at each turn; null when there is nothing. */
  #tendingSince: number | null = null;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Milliseconds until the next turn is due. */
  get rest(): number {
    if (this.#behind) return BEHIND_MS;
    const now = this.#options.steady();
    if (this.#tendingSince !== null) return now < this.#tendingSince + TENDING_FOR_MS ? TENDING_MS : BUSY_MS;
    return now < this.#busyUntil ? BUSY_MS : QUIET_MS;
  }

  /** Takes what the kernel has for us and lets it go on. */
  turn(): void {
    const { dataPlane, journal, steady } = this.#options;
    const since = this.#tendingSince;
    this.#tendingSince = null;
    if (!dataPlane.enabled) return;
    const before = journal.log.newest;
    this.takeSome();
    if (dataPlane.tend()) this.#tendingSince = since ?? steady();
    if (journal.log.newest > before) this.#busyUntil = steady() + BUSY_FOR_MS;
  }

  /** As many as there is time for in one turn. */
  takeSome(): void {
    this.take(LONGEST_TURN_MS);
  }

  /** All that are in the ring at this moment, unless that takes longer. */
  take(longestMs = Number.POSITIVE_INFINITY): void {
    const { dataPlane, journal, onClosed } = this.#options;
    const end = performance.now() + longestMs;
    this.#behind = true;
    for (let batch = 0; batch < MOST_BATCHES && dataPlane.enabled; batch++) {
      if (performance.now() > end) return;
      const events = dataPlane.readEvents(BATCH);
      for (const { kind, at, connection } of events) {
        if (kind === 'closed' && connection) {
          onClosed({ ...connection, open: false, closedAt: connection.closedAt ?? isoOfMicroseconds(at) });
        }
      }
      // First: where that cannot be told, they stay in the ring.
      const place = this.#place();
      try {
        journal.take(events.map(eventFromKernel), place);
      } finally {
        dataPlane.releaseEvents();
      }
      if (events.length < BATCH) break;
    }
    this.#behind = false;
  }

  /** Puts a mark where events were lost since the last look, and keeps how far we are; once a second, and at the end. */
  noteLost(): void {
    this.#options.journal.keep();
    const { lost } = this.#options.counters.events;
    const more = lost - this.#lost;
    this.#lost = lost;
    if (more > 0) this.#markLost(more);
  }

  /**
   * Goes on where the last process stopped that took events from this ring: those that wait in it come now, before anybody asks for the newest number, and those that it
   * had no room for meanwhile are noted. Of a ring that another journal knows, only what comes from now on is ours.
   */
  begin(): void {
    const { dataPlane, journal, counters } = this.#options;
    this.#lost = 0;
    if (!dataPlane.enabled) {
      journal.end();
      return;
    }
    const kept = journal.place;
    const { ring } = dataPlane.eventPosition();
    if (kept?.ring !== ring) {
      this.#lost = counters.events.lost;
      journal.begin(this.#place());
      return;
    }
    this.#lost = kept.lost;
    const gone = dataPlane.resumeEvents(kept.taken);
    journal.pass(Math.max(0, gone), this.#place());
    this.take();
  }

  #markLost(count: number): void {
    const { journal, now, dataPlane } = this.#options;
    journal.append(
      [eventFromDaemon('lost', now(), count)],
      dataPlane.enabled ? this.#place() : journal.place,
    );
  }

  #place(): Place {
    return { ...this.#options.dataPlane.eventPosition(), lost: this.#lost };
  }
}
