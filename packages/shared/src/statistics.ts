import { z } from 'zod';
import { byPathSchema } from './connection.ts';

/** One second (or, in down-sampled history, one `interval`) of the whole data plane. Rates are per second. */
export const statisticsPointSchema = z.object({
  /** Unix time in milliseconds. */
  at: z.number(),
  bytes: byPathSchema,
  messages: byPathSchema,
  /** Open connections by the path that they take now. */
  connections: byPathSchema,
  events: z.number(),
});
export type StatisticsPoint = z.infer<typeof statisticsPointSchema>;

/** A moment that a chart marks with a vertical line and a word. */
export const statisticsMarkSchema = z.object({ at: z.number(), word: z.string() });
export type StatisticsMark = z.infer<typeof statisticsMarkSchema>;

export const statisticsRangeSchema = z.enum(['5m', '1h', '24h', '7d']);
export type StatisticsRange = z.infer<typeof statisticsRangeSchema>;

/**
 * At most 300 points, oldest first, `interval` milliseconds apart, up to `until`, which is now. Time without a daemon, or in which acceleration was
 * off and nothing was counted, is missing.
 */
export const statisticsHistorySchema = z.object({
  range: statisticsRangeSchema,
  interval: z.number(),
  /** Unix time in milliseconds. */
  until: z.number(),
  points: z.array(statisticsPointSchema),
  marks: z.array(statisticsMarkSchema),
});
export type StatisticsHistory = z.infer<typeof statisticsHistorySchema>;
