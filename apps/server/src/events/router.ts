import { type EventBatch, eventFilterSchema } from '@sidestep/shared';
import { type TRPCRouterRecord, tracked } from '@trpc/server';
import { z } from 'zod';
import { procedure } from '../trpc/trpc.ts';

export const eventsRouter = {
  /** The newest `limit` events that the daemon holds and the filter passes, oldest first; `before` pages back. */
  list: procedure
    .input(
      eventFilterSchema.extend({
        before: z.number().int().optional(),
        limit: z.number().int().min(1).max(1000).default(200),
      }),
    )
    .query(({ ctx, input }): Promise<EventBatch> => ctx.services.events.list(input)),
  /** Batches of new events; resumes after `lastEventId` (a `seq`), counting in `missed` what the daemon no longer holds. */
  follow: procedure
    .input(eventFilterSchema.extend({ lastEventId: z.string().max(20).regex(/^\d+$/).nullish() }))
    .subscription(async function* ({ ctx, input }) {
      const { lastEventId, ...filter } = input;
      const after = lastEventId == null ? null : Number(lastEventId);
      for await (const { last, batch } of ctx.services.events.follow(filter, after, ctx.ended)) {
        yield tracked(String(last), batch);
      }
    }),
} satisfies TRPCRouterRecord;
