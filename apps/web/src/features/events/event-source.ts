import type { Event, EventFilter } from '@sidestep/shared';
import { client } from '@/lib/client.ts';
import { createStore } from '@/lib/store.ts';
import type { FeedSource } from '@/lib/use-feed.ts';

/** Totals since the data plane was loaded, as the last batch told; null before the first. */
export const eventTotals = createStore<{ received: number; lost: number } | null>(null);

const PAGE = 200;

/** The events that a filter passes. */
export function eventSource(filter: EventFilter): FeedSource<Event> {
  return {
    async list(before) {
      const batch = await client().events.list.query({
        ...filter,
        limit: PAGE,
        ...(before ? { before } : {}),
      });
      eventTotals.set({ received: batch.received, lost: batch.lost });
      return batch.events;
    },
    follow(after, { onBatch, ...ending }) {
      return client().events.follow.subscribe(
        { ...filter, lastEventId: after },
        {
          ...ending,
          onData({ id, data }) {
            eventTotals.set({ received: data.received, lost: data.lost });
            onBatch(id, data.events, data.missed);
          },
        },
      );
    },
  };
}
