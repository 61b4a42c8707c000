import type { EventBatch, EventFilter } from '@sidestep/shared';

export interface EventService {
  list(query: EventFilter & { before?: number | undefined; limit: number }): Promise<EventBatch>;
  /** `last` is the highest sequence number looked at, also when the filter passed none of them. */
  follow(
    filter: EventFilter,
    after: number | null,
    signal: AbortSignal,
  ): AsyncIterable<{ last: number; batch: EventBatch }>;
}
