import type { Connection, End, Event } from '@sidestep/shared';
import type { DataPlaneEvent } from '../dataplane/dataplane.ts';

export type UnnumberedEvent = Omit<Event, 'seq'>;

/** ISO 8601 in UTC with microseconds. */
export function isoOfMicroseconds(at: number): string {
  const iso = new Date(Math.floor(at / 1000)).toISOString();
  return `${iso.slice(0, -1)}${String(Math.floor(at % 1000)).padStart(3, '0')}Z`;
}

/** What the kernel reported, as it goes over the wire. */
export function eventFromKernel({ kind, at, connection, listener, reason }: DataPlaneEvent): UnnumberedEvent {
  const closed = kind === 'closed' ? connection : null;
  return {
    at: isoOfMicroseconds(at),
    kind,
    connection: connection?.id ?? null,
    client: connection ? endpointOf(connection.client) : null,
    server: connection ? endpointOf(connection.server) : listener && endpointOf(listener),
    reason,
    bytes: closed && sumOf(closed, 'bytes'),
    messages: closed && sumOf(closed, 'messages'),
    duration: closed && Math.max(0, Math.round(at / 1000 - Date.parse(closed.openedAt)) / 1000),
    count: null,
  };
}

/** A mark of the daemon's own. `now` is in milliseconds; `count` goes with `lost` and `upgraded`. */
export function eventFromDaemon(
  kind: 'enabled' | 'disabled' | 'upgraded' | 'lost',
  now: number,
  count: number | null,
): UnnumberedEvent {
  return {
    at: isoOfMicroseconds(now * 1000),
    kind,
    connection: null,
    client: null,
    server: null,
    reason: null,
    bytes: null,
    messages: null,
    duration: null,
    count,
  };
}

function endpointOf({ address, port, pid, comm }: End) {
  return { address, port, pid, comm };
}

function sumOf({ clientToServer, serverToClient }: Connection, what: 'bytes' | 'messages') {
  const [there, back] = [clientToServer[what], serverToClient[what]];
  return { bypass: there.bypass + back.bypass, stack: there.stack + back.stack };
}
