import { type Splicer, splicerReleaseSchema } from '@sidestep/shared';
import type { TRPCRouterRecord } from '@trpc/server';
import { procedure } from '../trpc/trpc.ts';

export const splicersRouter = {
  list: procedure.query(({ ctx }): Promise<Splicer[]> => ctx.services.splicers.list()),
  /** Answers with the list as it is then; rejects when no such program is in it. */
  release: procedure
    .input(splicerReleaseSchema)
    .mutation(({ ctx, input }): Promise<Splicer[]> => ctx.services.splicers.release(input.program)),
} satisfies TRPCRouterRecord;
