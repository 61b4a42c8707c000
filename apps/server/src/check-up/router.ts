import type { CheckUpState } from '@sidestep/shared';
import type { TRPCRouterRecord } from '@trpc/server';
import { procedure } from '../trpc/trpc.ts';

export const checkUpRouter = {
  state: procedure.query(({ ctx }): CheckUpState => ctx.services.checkUp.state()),
  /** The state now and whenever it changes. */
  watch: procedure.subscription(
    ({ ctx }): AsyncIterable<CheckUpState> => ctx.services.checkUp.watch(ctx.ended),
  ),
  /** Resolves when the probes have been made again. A call while they are being made joins it. */
  run: procedure.mutation(({ ctx }): Promise<CheckUpState> => ctx.services.checkUp.run()),
} satisfies TRPCRouterRecord;
