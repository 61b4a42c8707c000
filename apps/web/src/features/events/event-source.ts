import type { Event, EventFilter } from '@sidestep/shared';
import { client } from '@/lib/client.ts';
import type { FeedSource } from '@/lib/use-feed.ts';

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
      return batch.events;
    },
    follow(after, { onBatch, ...ending }) {
      return client().events.follow.subscribe(
        { ...filter, lastEventId: after },
        {
          ...ending,
          onData: ({ id, data }) => onBatch(id, data.events, data.missed),
        },
      );
    },
  };
}
