import type { Status } from '@sidestep/shared';
import type { TRPCRouterRecord } from '@trpc/server';
import { z } from 'zod';
import { procedure } from '../trpc/trpc.ts';

export const accelerationRouter = {
  status: procedure.query(({ ctx }): Promise<Status> => ctx.services.acceleration.status()),
  /** The status now and whenever it changes; totals at most once a second. */
  watch: procedure.subscription(
    ({ ctx }): AsyncIterable<Status> => ctx.services.acceleration.watch(ctx.ended),
  ),
  /** Resolves when the state is `on` (or already was); rejects with the failure's message and remedy. */
  enable: procedure.mutation(({ ctx }): Promise<Status> => ctx.services.acceleration.enable()),
  /** Resolves when the state is `off`; the progress of draining is in `watch`. `now`: what has not drained after a second is reset. */
  disable: procedure
    .input(z.object({ now: z.boolean().default(false) }).optional())
    .mutation(({ ctx, input }): Promise<Status> => ctx.services.acceleration.disable(input)),
} satisfies TRPCRouterRecord;
