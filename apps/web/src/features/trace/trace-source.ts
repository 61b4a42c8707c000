import type { TraceLine } from '@sidestep/shared';
import { client } from '@/lib/client.ts';
import type { FeedSource } from '@/lib/use-feed.ts';

/** The lines of `trace_pipe` that the daemon holds, then the new ones. The daemon pages no further back than that. */
export const traceLines: FeedSource<TraceLine> = {
  async list(before) {
    if (before !== undefined) return [];
    return (await client().trace.list.query({ limit: 1000 })).lines;
  },
  follow(after, { onBatch, ...ending }) {
    return client().trace.follow.subscribe(
      { lastEventId: after },
      { ...ending, onData: ({ id, data }) => onBatch(id, data.lines, data.missed) },
    );
  },
};
