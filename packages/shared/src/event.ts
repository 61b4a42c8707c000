import { z } from 'zod';
import { byPathSchema } from './connection.ts';
import { reasonSchema } from './reason.ts';

/**
 * What happened, in the order of a connection's life. `bypassed` is the first message on the bypass after joining it;
 * `enabled`, `disabled`, `upgraded` and `lost` are the daemon's own marks in the same sequence.
 */
export const EVENT_KINDS = [
  'listening',
  'established',
  'paired',
  'bypassed',
  'left',
  'closed',
  'enabled',
  'disabled',
  'upgraded',
  'lost',
] as const;
export const eventKindSchema = z.enum(EVENT_KINDS);
export type EventKind = z.infer<typeof eventKindSchema>;

const endpointSchema = z.object({
  address: z.string(),
  port: z.number().int(),
  pid: z.number().int(),
  comm: z.string(),
});

/** One event. `seq` grows by one without gaps as long as the daemon keeps its state folder; `at` is ISO 8601 with microseconds. */
export const eventSchema = z.object({
  seq: z.number().int(),
  at: z.string(),
  kind: eventKindSchema,
  /** The connection's id, or null where the event is not about one connection. */
  connection: z.string().nullable(),
  client: endpointSchema.nullable(),
  server: endpointSchema.nullable(),
  reason: reasonSchema.nullable(),
  /** Totals of both directions, with `closed` only. */
  bytes: byPathSchema.nullable(),
  messages: byPathSchema.nullable(),
  /** Seconds between opening and closing, with `closed` only. */
  duration: z.number().nullable(),
  /** With `lost`: how many events the kernel could not deliver. With `upgraded`: how many connections still had to leave the old programs. */
  count: z.number().nullable(),
});
export type Event = z.infer<typeof eventSchema>;

export const eventFilterSchema = z.object({
  kinds: z.array(eventKindSchema).max(EVENT_KINDS.length).optional(),
  connection: z.string().max(20).optional(),
});
export type EventFilter = z.infer<typeof eventFilterSchema>;

/**
 * A batch of events. `received` and `lost` are totals since the data plane was loaded. `missed` counts events that
 * were asked for (by resuming) and that the daemon no longer holds.
 */
export const eventBatchSchema = z.object({
  events: z.array(eventSchema),
  received: z.number(),
  lost: z.number(),
  missed: z.number(),
});
export type EventBatch = z.infer<typeof eventBatchSchema>;
