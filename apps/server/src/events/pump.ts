import type { Connection } from '@sidestep/shared';
import type { DataPlane } from '../dataplane/dataplane.ts';
import type { Counters } from '../statistics/counters.ts';
import { eventFromDaemon, eventFromKernel, isoOfMicroseconds } from './convert.ts';
import type { Journal } from './journal.ts';

const BATCH = 4096;
/** Keeps one turn short when the kernel reports faster than we read; what is left waits in the ring for the next turn. */
const BATCHES_PER_TURN = 8;

/** Waking up costs more than looking: where nothing has happened for a while, we look less often. */
const BUSY_MS = 20;
const QUIET_MS = 100;
const BUSY_FOR_MS = 2000;

export interface PumpOptions {
  readonly dataPlane: DataPlane;
  readonly counters: Counters;
  readonly journal: Journal;
  readonly now: () => number;
  readonly onClosed: (connection: Connection) => void;
}

/** Moves events from the kernel into the journal. */
export class Pump {
  readonly #options: PumpOptions;
  #lost = 0;
  #busyUntil = 0;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Milliseconds until the next turn is due. */
  get rest(): number {
    return this.#options.now() < this.#busyUntil ? BUSY_MS : QUIET_MS;
  }

  /** Takes what the kernel has for us and lets it go on. */
  turn(): void {
    const { dataPlane, journal, now } = this.#options;
    if (!dataPlane.enabled) return;
    const before = journal.log.newest;
    this.take();
    dataPlane.tend();
    if (journal.log.newest > before) this.#busyUntil = now() + BUSY_FOR_MS;
  }

  take(): void {
    const { dataPlane, journal, onClosed } = this.#options;
    for (let batch = 0; batch < BATCHES_PER_TURN && dataPlane.enabled; batch++) {
      const events = dataPlane.takeEvents(BATCH);
      for (const { kind, at, connection } of events) {
        if (kind === 'closed' && connection) {
          onClosed({ ...connection, open: false, closedAt: connection.closedAt ?? isoOfMicroseconds(at) });
        }
      }
      journal.append(events.map(eventFromKernel));
      if (events.length < BATCH) return;
    }
  }

  /** Puts a mark where events were lost since the last look; once a second. */
  noteLost(): void {
    const { counters, journal, now } = this.#options;
    const { lost } = counters.events;
    if (lost > this.#lost) journal.append([eventFromDaemon('lost', now(), lost - this.#lost)]);
    this.#lost = lost;
  }

  /** Losses up to here were noted by an earlier process. */
  skipLost(): void {
    this.#lost = this.#options.counters.events.lost;
  }
}
