import { z } from 'zod';

/** One raw line of `trace_pipe`, numbered by the daemon. */
export const traceLineSchema = z.object({ seq: z.number().int(), at: z.string(), text: z.string() });
export type TraceLine = z.infer<typeof traceLineSchema>;

/** `available: false` comes with `why`: what is missing and what to do about it. */
export const traceStatusSchema = z.object({
  on: z.boolean(),
  available: z.boolean(),
  why: z.string().nullable(),
});
export type TraceStatus = z.infer<typeof traceStatusSchema>;

/** `missed` counts lines that were asked for (by resuming) and that the daemon no longer holds. */
export const traceBatchSchema = z.object({ lines: z.array(traceLineSchema), missed: z.number() });
export type TraceBatch = z.infer<typeof traceBatchSchema>;
