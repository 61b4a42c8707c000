import {
  type Connection,
  type ConnectionPage,
  type ConnectionSort,
  type ConnectionView,
  type End,
  pathOf,
} from '@sidestep/shared';

/** The page of connections that a view selects. A connection without a path of its own any more (it is closed) still matches by its last one. */
export function pageOf(
  open: readonly Connection[],
  closed: readonly Connection[],
  view: ConnectionView,
): ConnectionPage {
  const all = view.includeClosed ? [...open, ...closed] : open;
  const matching = all.filter(matcher(view)).sort(order(view.sort, view.descending));
  return {
    rows: matching.slice(view.offset, view.offset + view.limit),
    matching: matching.length,
    total: all.length,
  };
}

function matcher({
  id,
  text,
  process,
  port,
  path,
  reason,
}: ConnectionView): (connection: Connection) => boolean {
  const words = text?.trim().toLowerCase();
  const program = process?.trim().toLowerCase();
  const tests: ((connection: Connection) => boolean)[] = [];
  if (id) tests.push((connection) => connection.id === id);
  if (words) tests.push(({ client, server }) => hasText(client, words) || hasText(server, words));
  if (program) tests.push(({ client, server }) => isProcess(client, program) || isProcess(server, program));
  if (port !== undefined) tests.push(({ client, server }) => client.port === port || server.port === port);
  if (path) tests.push((connection) => pathOf(connection) === path);
  if (reason) {
    tests.push((one) => one.clientToServer.reason === reason || one.serverToClient.reason === reason);
  }
  return (connection) => tests.every((passes) => passes(connection));
}

/** `address:port` as people write it: IPv6 addresses in brackets. */
export function nameOf({ address, port }: Pick<End, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function hasText(end: End, words: string): boolean {
  return [
    end.comm.toLowerCase(),
    String(end.pid),
    end.address,
    nameOf(end),
    `${end.address}:${end.port}`,
  ].some((field) => field.includes(words));
}

function isProcess({ comm, pid }: End, words: string): boolean {
  return comm.toLowerCase().includes(words) || String(pid) === words;
}

type Compare = (a: Connection, b: Connection) => number;

const byText = (of: (connection: Connection) => string): Compare => {
  return (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0);
};
const byNumber = (of: (connection: Connection) => number): Compare => {
  return (a, b) => of(a) - of(b);
};
const inOrder = (...all: Compare[]): Compare => {
  return (a, b) => all.reduce((sum, compare) => sum || compare(a, b), 0);
};

const both = (
  { clientToServer, serverToClient }: Connection,
  of: (direction: Connection['clientToServer']) => number,
) => of(clientToServer) + of(serverToClient);

const byEnd = (of: (connection: Connection) => End): Compare =>
  inOrder(
    byText((connection) => of(connection).comm.toLowerCase()),
    byText((connection) => of(connection).address),
    byNumber((connection) => of(connection).port),
  );

/** Ascending. `age` ascends from the youngest. */
const COMPARE: Record<ConnectionSort, Compare> = {
  client: byEnd(({ client }) => client),
  server: byEnd(({ server }) => server),
  path: inOrder(
    byText(pathOf),
    byText(({ clientToServer, serverToClient }) => clientToServer.reason ?? serverToClient.reason ?? ''),
  ),
  messageRate: byNumber((connection) => both(connection, ({ rate }) => rate.messages)),
  byteRate: byNumber((connection) => both(connection, ({ rate }) => rate.bytes)),
  bytes: byNumber((connection) => both(connection, ({ bytes }) => bytes.bypass + bytes.stack)),
  age: (a, b) => byText(({ openedAt }) => openedAt)(b, a),
};

/** Ties are broken by id, whatever the direction: rows that are equal do not swap places from one frame to the next. */
function order(sort: ConnectionSort, descending: boolean): Compare {
  const compare = COMPARE[sort];
  const directed: Compare = descending ? (a, b) => compare(b, a) : compare;
  return inOrder(
    directed,
    byNumber(({ id }) => id.length),
    byText(({ id }) => id),
  );
}
