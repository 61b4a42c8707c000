import { z } from 'zod';
import { reasonSchema } from './reason.ts';

export const pathSchema = z.enum(['bypass', 'stack']);
export type Path = z.infer<typeof pathSchema>;

/** One number for each path. Bytes are payload bytes. A message is one `send` on the bypass and one TCP data segment on the stack. */
export const byPathSchema = z.object({ bypass: z.number(), stack: z.number() });
export type ByPath = z.infer<typeof byPathSchema>;

/**
 * One end of a connection. `netns` is the kernel's network namespace cookie, `cgroup` the id of the socket's cgroup, both in
 * decimal because they do not fit a JavaScript number. `pid` and `comm` are those of the process that last sent, listened
 * or connected; `pid` is 0 as long as none of these was seen.
 */
export const endSchema = z.object({
  address: z.string(),
  port: z.number().int(),
  netns: z.string(),
  cgroup: z.string(),
  pid: z.number().int(),
  comm: z.string(),
});
export type End = z.infer<typeof endSchema>;

/** One direction: the path that the next message takes, and why if that is the stack. `reason` is null on the bypass. */
export const directionSchema = z.object({
  path: pathSchema,
  reason: reasonSchema.nullable(),
  bytes: byPathSchema,
  messages: byPathSchema,
  /** Per second, over about the last second; zero as long as nobody has watched. */
  rate: z.object({ bytes: z.number(), messages: z.number() }),
});
export type Direction = z.infer<typeof directionSchema>;

/** A TCP connection with both ends on this host. `id` is the client socket's cookie in decimal, unique until the next boot. */
export const connectionSchema = z.object({
  id: z.string(),
  open: z.boolean(),
  /** ISO 8601, UTC. */
  openedAt: z.string(),
  closedAt: z.string().nullable(),
  client: endSchema,
  server: endSchema,
  clientToServer: directionSchema,
  serverToClient: directionSchema,
});
export type Connection = z.infer<typeof connectionSchema>;

/** The path of the connection as a whole: it is `bypass` as soon as one direction is. */
export function pathOf(connection: Pick<Connection, 'clientToServer' | 'serverToClient'>): Path {
  const { clientToServer, serverToClient } = connection;
  return clientToServer.path === 'bypass' || serverToClient.path === 'bypass' ? 'bypass' : 'stack';
}

/** The reason to show where there is room for one: the client's direction first. */
export function reasonOf(connection: Pick<Connection, 'clientToServer' | 'serverToClient'>) {
  return connection.clientToServer.reason ?? connection.serverToClient.reason;
}

export const connectionSortSchema = z.enum([
  'client',
  'server',
  'path',
  'messageRate',
  'byteRate',
  'bytes',
  'age',
]);
export type ConnectionSort = z.infer<typeof connectionSortSchema>;

/** What to show of the table of connections. Every field that is left out does not filter. */
export const connectionViewSchema = z.object({
  /** One connection alone. */
  id: z.string().max(20).optional(),
  /** Matches process name, pid, address or `address:port` of either end, case-insensitively. */
  text: z.string().max(200).optional(),
  /** Part of the process name of either end, case-insensitively, or its whole pid. */
  process: z.string().max(64).optional(),
  port: z.number().int().min(0).max(65535).optional(),
  path: pathSchema.optional(),
  reason: reasonSchema.optional(),
  includeClosed: z.boolean().default(false),
  sort: connectionSortSchema.default('age'),
  descending: z.boolean().default(false),
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(200),
});
export type ConnectionView = z.infer<typeof connectionViewSchema>;

/** One page of connections: `matching` rows pass the filter, of `total` that are known. */
export const connectionPageSchema = z.object({
  rows: z.array(connectionSchema),
  matching: z.number(),
  total: z.number(),
});
export type ConnectionPage = z.infer<typeof connectionPageSchema>;

/**
 * What a watcher receives: first a `snapshot`, then `delta`s against what it holds. `order` is the full order of the page's ids
 * after the delta; rows whose id is not in it have left the page.
 */
export const connectionFrameSchema = z.discriminatedUnion('type', [
  connectionPageSchema.extend({ type: z.literal('snapshot') }),
  z.object({
    type: z.literal('delta'),
    changed: z.array(connectionSchema),
    order: z.array(z.string()),
    matching: z.number(),
    total: z.number(),
  }),
]);
export type ConnectionFrame = z.infer<typeof connectionFrameSchema>;
