import type { TraceBatch, TraceStatus } from '@sidestep/shared';
import { type TRPCRouterRecord, tracked } from '@trpc/server';
import { z } from 'zod';
import { procedure } from '../trpc/trpc.ts';

export const traceRouter = {
  status: procedure.query(({ ctx }): Promise<TraceStatus> => ctx.services.trace.status()),
  /** Switches the `bpf_printk` lines on or off while the data plane runs; forgotten when the daemon stops. */
  switch: procedure
    .input(z.object({ on: z.boolean() }))
    .mutation(({ ctx, input }): Promise<TraceStatus> => ctx.services.trace.switch(input.on)),
  list: procedure
    .input(z.object({ limit: z.number().int().min(1).max(5000).default(500) }))
    .query(({ ctx, input }): Promise<TraceBatch> => ctx.services.trace.list(input.limit)),
  follow: procedure
    .input(z.object({ lastEventId: z.string().max(20).regex(/^\d+$/).nullish() }))
    .subscription(async function* ({ ctx, input }) {
      const after = input.lastEventId == null ? null : Number(input.lastEventId);
      for await (const { last, batch } of ctx.services.trace.follow(after, ctx.ended))
        yield tracked(String(last), batch);
    }),
} satisfies TRPCRouterRecord;
