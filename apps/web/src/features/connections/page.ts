import type { Connection, ConnectionFrame, ConnectionView } from '@sidestep/shared';

/** One row as the table shows it. A row that left the page stays, faded: `closed` until the next sort, `moved` (it no longer
 * matches, or slid to another page) only while nothing may move. */
export interface Row {
  readonly connection: Connection;
  readonly gone: 'closed' | 'moved' | null;
  /** Came in with a delta that brought few, not with the snapshot: it flashes once. */
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

/** Where more rows than this come at once, a flash would point at everything, and cost more than all the rest of the page. */
export const FRESH_LIMIT = 12;

/** Whether a row can leave this page only by closing: it shows all there is, and filters by nothing that changes. */
function onlyCloses(view: ConnectionView, before: Page): boolean {
  return (
    view.path === undefined && view.reason === undefined && view.offset === 0 && before.matching <= view.limit
  );
}

/**
 * The page after one frame. A snapshot starts over. With a delta, rows that closed fade where they stand; with `frozen`
 * (the pointer is over the table) no row moves, and new ones wait at the end.
 */
export function applyFrame(
  page: Page | null,
  frame: ConnectionFrame,
  view: ConnectionView,
  frozen: boolean,
): Page {
  const { matching, total } = frame;
  if (frame.type === 'snapshot') {
    const rows = new Map(
      frame.rows.map((connection) => [connection.id, { connection, gone: null, fresh: false }]),
    );
    return { rows, order: [...rows.keys()], matching, total };
  }
  const before = page ?? { rows: new Map<string, Row>(), order: [], matching: 0, total: 0 };
  const rows = new Map(before.rows);
  const isNew = ({ id }: Connection) => !before.rows.has(id);
  const few = frame.changed.filter(isNew).length <= FRESH_LIMIT;
  for (const connection of frame.changed) {
    rows.set(connection.id, { connection, gone: null, fresh: few && isNew(connection) });
  }
  const present = new Set(frame.order.filter((id) => rows.has(id)));
  const leaves = onlyCloses(view, before) ? 'closed' : 'moved';
  for (const [id, row] of rows) {
    if (present.has(id) && row.gone !== null) rows.set(id, { ...row, gone: null });
    if (!present.has(id) && row.gone === null) rows.set(id, { ...row, gone: leaves });
    if (!frozen && rows.get(id)?.gone === 'moved') rows.delete(id);
  }
  const shown = before.order.filter((id) => rows.has(id));
  const order = frozen ? keepOrder(shown, present) : followOrder(shown, present);
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
