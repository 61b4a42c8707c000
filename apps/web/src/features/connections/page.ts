import type { Connection, ConnectionFrame } from '@sidestep/shared';

/** One row as the table shows it. `gone` rows have left the page and stay, faded, until the next sort. */
export interface Row {
  readonly connection: Connection;
  readonly gone: boolean;
  /** Came in with a delta, not with the snapshot: it flashes once. */
  readonly fresh: boolean;
}

/** What the table holds: rows by id, and the order they are shown in. */
export interface Page {
  readonly rows: ReadonlyMap<string, Row>;
  readonly order: readonly string[];
  readonly matching: number;
  readonly total: number;
}

/** Faded rows kept at most, so that a busy host does not fill the table with the past. */
export const GONE_LIMIT = 50;

/**
 * The page after one frame. A snapshot starts over. With a delta, rows that left fade where they stand; with `frozen`
 * (the pointer is over the table) no row moves, and new ones wait at the end.
 */
export function applyFrame(page: Page | null, frame: ConnectionFrame, frozen: boolean): Page {
  const { matching, total } = frame;
  if (frame.type === 'snapshot') {
    const rows = new Map(
      frame.rows.map((connection) => [connection.id, { connection, gone: false, fresh: false }]),
    );
    return { rows, order: [...rows.keys()], matching, total };
  }
  const before = page ?? { rows: new Map<string, Row>(), order: [] };
  const rows = new Map(before.rows);
  for (const connection of frame.changed) {
    rows.set(connection.id, { connection, gone: false, fresh: !before.rows.has(connection.id) });
  }
  const present = new Set(frame.order.filter((id) => rows.has(id)));
  for (const [id, row] of rows) {
    if (row.gone === present.has(id)) rows.set(id, { ...row, gone: !present.has(id) });
  }
  const order = frozen ? keepOrder(before.order, present) : followOrder(before.order, present);
  return { ...dropOldGone(rows, order), matching, total };
}

/** Nothing moves: the shown order, then what is new. */
function keepOrder(shown: readonly string[], present: ReadonlySet<string>): string[] {
  const known = new Set(shown);
  return [...shown, ...[...present].filter((id) => !known.has(id))];
}

/** The daemon's order, with each row that left kept below the row that it stood below. */
function followOrder(shown: readonly string[], present: ReadonlySet<string>): string[] {
  const followers = new Map<string | null, string[]>();
  let anchor: string | null = null;
  for (const id of shown) {
    if (present.has(id)) anchor = id;
    else followers.set(anchor, [...(followers.get(anchor) ?? []), id]);
  }
  const order = [...(followers.get(null) ?? [])];
  for (const id of present) order.push(id, ...(followers.get(id) ?? []));
  return order;
}

function dropOldGone(rows: Map<string, Row>, order: string[]): Pick<Page, 'rows' | 'order'> {
  const gone = order.filter((id) => rows.get(id)?.gone);
  // Map order is the order of arrival: the longest known go first.
  const arrival = [...rows.keys()].filter((id) => rows.get(id)?.gone);
  const dropped = new Set(arrival.slice(0, Math.max(0, gone.length - GONE_LIMIT)));
  for (const id of dropped) rows.delete(id);
  return { rows, order: dropped.size === 0 ? order : order.filter((id) => !dropped.has(id)) };
}
