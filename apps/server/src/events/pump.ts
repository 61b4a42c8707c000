import type { Connection } from '@sidestep/shared';
import type { DataPlane } from '../dataplane/dataplane.ts';
import type { Counters } from '../statistics/counters.ts';
import { eventFromDaemon, eventFromKernel, isoOfMicroseconds } from './convert.ts';
import type { Journal } from './journal.ts';

const BATCH = 4096;
/** Keeps one turn short when the kernel reports faster than we read; what is left waits in the ring for the next turn. */
const BATCHES_PER_TURN = 8;

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

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Takes what the kernel has for us and lets it go on; every 20 ms. */
  turn(): void {
    if (!this.#options.dataPlane.enabled) return;
    this.take();
    this.#options.dataPlane.tend();
  }

  take(): void {
    const { dataPlane, journal, onClosed } = this.#options;
    for (let batch = 0; batch < BATCHES_PER_TURN && dataPlane.enabled; batch++) {
      const events = dataPlane.takeEvents(BATCH);
      journal.append(events.map(eventFromKernel));
      for (const { kind, at, connection } of events) {
        if (kind === 'closed' && connection) {
          onClosed({ ...connection, open: false, closedAt: connection.closedAt ?? isoOfMicroseconds(at) });
        }
      }
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
