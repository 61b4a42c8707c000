import { type ConnectionFrame, type ConnectionPage, connectionViewSchema } from '@sidestep/shared';
import type { TRPCRouterRecord } from '@trpc/server';
import { procedure } from '../trpc/trpc.ts';

export const connectionsRouter = {
  list: procedure
    .input(connectionViewSchema)
    .query(({ ctx, input }): Promise<ConnectionPage> => ctx.services.connections.list(input)),
  /** A snapshot of the page that the view selects, then deltas, at most four a second. */
  watch: procedure
    .input(connectionViewSchema)
    .subscription(
      ({ ctx, input }): AsyncIterable<ConnectionFrame> => ctx.services.connections.watch(input, ctx.ended),
    ),
} satisfies TRPCRouterRecord;
