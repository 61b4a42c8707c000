import type { Event, EventBatch, EventFilter } from '@sidestep/shared';
import type { Counters } from '../statistics/counters.ts';
import type { Journal } from './journal.ts';
import type { EventService } from './service.ts';

/** One frame a page can take in; a reader who stays behind for longer than the journal holds sees how many it missed. */
const MOST_PER_BATCH = 1000;
/** A reader who wants none of the events still learns now and then how far it has come, so that resuming misses nothing. */
const PROGRESS_EVERY = 5000;

/** Reads the journal for everyone who asks. */
export class EventFeed implements EventService {
  readonly #journal: Journal;
  readonly #counters: Counters;

  constructor(journal: Journal, counters: Counters) {
    this.#journal = journal;
    this.#counters = counters;
  }

  async list({ before, limit, ...filter }: Parameters<EventService['list']>[0]): Promise<EventBatch> {
    const { log } = this.#journal;
    return this.#batch(log.before(before ?? log.newest + 1, limit, passing(filter)), 0);
  }

  async *follow(
    filter: EventFilter,
    after: number | null,
    signal: AbortSignal,
  ): ReturnType<EventService['follow']> {
    const { log } = this.#journal;
    const passes = passing(filter);
    let last = Math.min(after ?? log.newest, log.newest);
    let told: { last: number; lost: number } | null = null;
    while (!signal.aborted) {
      const seen = log.changes.version;
      const read = log.after(last, MOST_PER_BATCH);
      last = read.last;
      const batch = this.#batch(read.entries.filter(passes), read.missed);
      const isNews = batch.events.length > 0 || batch.missed > 0 || batch.lost !== told?.lost;
      if (told === null || isNews || last - told.last >= PROGRESS_EVERY) {
        told = { last, lost: batch.lost };
        yield { last, batch };
      }
      if (last === log.newest) await log.changes.after(seen, signal);
    }
  }

  #batch(events: Event[], missed: number): EventBatch {
    const { received, lost } = this.#counters.events;
    return { events, received, lost, missed };
  }
}

function passing({ kinds, connection }: EventFilter): (event: Event) => boolean {
  return (event) =>
    (kinds === undefined || kinds.includes(event.kind)) &&
    (connection === undefined || event.connection === connection);
}
