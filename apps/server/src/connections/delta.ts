import type { Connection, ConnectionFrame, ConnectionPage, Direction, End } from '@sidestep/shared';

/** What turns one page into the next; null when they are the same to a reader. */
export function deltaOf(before: ConnectionPage, after: ConnectionPage): ConnectionFrame | null {
  const held = new Map(before.rows.map((row) => [row.id, row]));
  const changed = after.rows.filter((row) => !isSame(held.get(row.id), row));
  const order = after.rows.map(({ id }) => id);
  const isSameOrder =
    order.length === before.rows.length && order.every((id, index) => id === before.rows[index]?.id);
  const { matching, total } = after;
  if (changed.length === 0 && isSameOrder && matching === before.matching && total === before.total)
    return null;
  return { type: 'delta', changed, order, matching, total };
}

/** Compares what can change while a connection lives; addresses and the time of opening cannot. */
function isSame(before: Connection | undefined, after: Connection): boolean {
  return (
    before !== undefined &&
    before.open === after.open &&
    before.openedAt === after.openedAt &&
    isSameEnd(before.client, after.client) &&
    isSameEnd(before.server, after.server) &&
    isSameDirection(before.clientToServer, after.clientToServer) &&
    isSameDirection(before.serverToClient, after.serverToClient)
  );
}

function isSameEnd(before: End, after: End): boolean {
  return before.pid === after.pid && before.comm === after.comm && before.cgroup === after.cgroup;
}

function isSameDirection(before: Direction, after: Direction): boolean {
  return (
    before.path === after.path &&
    before.reason === after.reason &&
    before.bytes.bypass === after.bytes.bypass &&
    before.bytes.stack === after.bytes.stack &&
    before.messages.bypass === after.messages.bypass &&
    before.messages.stack === after.messages.stack &&
    before.rate.bytes === after.rate.bytes &&
    before.rate.messages === after.rate.messages
  );
}
