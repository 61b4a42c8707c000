import { type StatisticsHistory, type StatisticsPoint, statisticsRangeSchema } from '@sidestep/shared';
import type { TRPCRouterRecord } from '@trpc/server';
import { z } from 'zod';
import { procedure } from '../trpc/trpc.ts';

export const statisticsRouter = {
  history: procedure
    .input(z.object({ range: statisticsRangeSchema }))
    .query(({ ctx, input }): Promise<StatisticsHistory> => ctx.services.statistics.history(input.range)),
  /** One point a second. */
  follow: procedure.subscription(
    ({ ctx }): AsyncIterable<StatisticsPoint> => ctx.services.statistics.follow(ctx.ended),
  ),
} satisfies TRPCRouterRecord;
