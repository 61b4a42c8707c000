import { z } from 'zod';
import { byPathSchema, endSchema } from './connection.ts';
import { plain } from './plain.ts';
import { reasonSchema } from './reason.ts';

export const accelerationStateSchema = z.enum(['off', 'enabling', 'on', 'draining', 'failed']);
export type AccelerationState = z.infer<typeof accelerationStateSchema>;

export const enablingStepSchema = z.enum(['loading', 'attaching', 'pinning']);
export type EnablingStep = z.infer<typeof enablingStepSchema>;

/** Why acceleration failed: what happened, what to do, and the kernel's own words (the verifier's log included) to fold away. */
export const failureSchema = z.object({
  message: z.string(),
  remedy: z.string(),
  log: z.string().nullable(),
});
export type Failure = z.infer<typeof failureSchema>;

/**
 * A connection that still has to leave the bypass while acceleration is being switched off. `unread` are bytes that took the bypass and
 * that the end has not read; where neither end has any, one of the programs is inside a call. An end that is closed is missing.
 */
export const heldConnectionSchema = z.object({
  id: z.string(),
  ends: z.array(
    endSchema
      .pick({ address: true, port: true, pid: true, comm: true })
      .extend({ side: z.enum(['client', 'server']), unread: z.number() }),
  ),
});
export type HeldConnection = z.infer<typeof heldConnectionSchema>;

/** In one line, whatever programs call themselves: who has what unread, `bytes` being how the caller writes a number of them. */
export function heldWords({ ends }: HeldConnection, bytes: (value: number) => string): string {
  const name = ({ comm, pid, address, port }: HeldConnection['ends'][number]) =>
    pid === 0 ? `${address} port ${port}` : `${plain(comm)} (process ${pid})`;
  const readers = ends.filter(({ unread }) => unread > 0);
  if (readers.length === 0) return `${ends.map(name).join(' and ')}: a call is under way.`;
  return readers
    .map((end) => {
      const peer = ends.find(({ side }) => side !== end.side);
      return `${name(end)} has not read ${bytes(end.unread)}${peer ? ` from ${name(peer)}` : ''}.`;
    })
    .join(' ');
}

/** The first seven fields, `connections`, `bytes`, `messages` and `events` are what `status --json` prints; totals since enabling. */
export const statusSchema = z.object({
  state: accelerationStateSchema,
  /** One sentence: why the state is what it is. Null when there is nothing to say. */
  reason: z.string().nullable(),
  /** ISO 8601: since when the state holds. */
  since: z.string(),
  /** The daemon's. */
  pid: z.number().int(),
  cgroup: z.string(),
  version: z.string(),
  connections: z.object({ open: z.number(), bypassing: z.number() }),
  bytes: byPathSchema,
  messages: byPathSchema,
  events: z.object({ received: z.number(), lost: z.number() }),
  /** Connections since enabling that found the table of connections full, and use TCP. */
  untracked: z.number(),
  /**
   * Connections since enabling that came in a crowd. Nothing is reported of them, and what they carry is in no total, unless they stay: send once
   * more after a rest of 5 ms, or eight times.
   */
  leftOut: z.number(),
  /** With `enabling`. */
  step: enablingStepSchema.nullable(),
  /** With `draining`: sockets that still hold undelivered bytes or sit inside a call; and then, for a moment, those that get their options back. */
  remaining: z.number().nullable(),
  /** With `draining`, as of the last half second: how many connections still have to leave, and the 50 with the most unread bytes. */
  held: z.object({ connections: z.number(), most: z.array(heldConnectionSchema) }).nullable(),
  failure: failureSchema.nullable(),
  /** One sentence: why nothing can be accelerated on this kernel, after the last check-up. Null otherwise, and as long as something is. */
  inspectOnly: z.string().nullable(),
  /** Open connections on the stack, counted by reason. */
  reasons: z.array(z.object({ reason: reasonSchema, connections: z.number() })),
  host: z.object({ name: z.string(), kernel: z.string() }),
  pinDir: z.string(),
});
export type Status = z.infer<typeof statusSchema>;
