import { type Connection, type Direction, type End, pathOf, reasonOf } from '@sidestep/shared';
import { type Daemon, withDaemon } from '../daemon.ts';
import { bytes, short, span } from '../numbers.ts';
import { print, printJson } from '../output.ts';
import { tableOf } from '../table.ts';
import { type CommonOptions, verb } from '../verb.ts';

const PAGE = 1000;

export const connections = verb('connections', 'list the local connections, each with its path and why')
  .option('--all', 'include those that closed within the last ten minutes')
  .action(async ({ stateDir, json, all }: CommonOptions & { all?: true }) => {
    const rows = await withDaemon(stateDir, (daemon) => readAll(daemon, all === true));
    if (json) printJson(rows);
    else print(linesOf(rows, Date.now()));
  });

/** Every connection, oldest first. Pages overlap when connections close meanwhile: each is taken once. */
async function readAll(daemon: Daemon, includeClosed: boolean): Promise<Connection[]> {
  const byId = new Map<string, Connection>();
  for (let offset = 0; ; offset += PAGE) {
    const view = { includeClosed, sort: 'age', descending: true, offset, limit: PAGE } as const;
    const { rows } = await daemon.connections.list.query(view);
    for (const row of rows) byId.set(row.id, row);
    if (rows.length < PAGE) return [...byId.values()];
  }
}

/** `now` is in milliseconds since the Unix epoch. */
export function linesOf(rows: readonly Connection[], now: number): string[] {
  if (rows.length === 0) return ['No local connections yet.'];
  const header = ['CLIENT', 'SERVER', 'PATH', 'MESSAGES', 'BYTES', 'AGE', 'WHY NOT THE BYPASS'];
  return tableOf(
    header,
    rows.map((row) => {
      const both = [row.clientToServer, row.serverToClient];
      const sum = (of: (direction: Direction) => number) =>
        both.reduce((total, direction) => total + of(direction), 0);
      return [
        nameOf(row.client),
        nameOf(row.server),
        row.open ? pathOf(row) : 'closed',
        short(sum(({ messages }) => messages.bypass + messages.stack)),
        bytes(sum((direction) => direction.bytes.bypass + direction.bytes.stack)),
        span((row.closedAt === null ? now : Date.parse(row.closedAt)) - Date.parse(row.openedAt)),
        pathOf(row) === 'stack' ? (reasonOf(row) ?? '') : '',
      ];
    }),
    ['MESSAGES', 'BYTES', 'AGE'],
  );
}

function nameOf({ address, port, pid, comm }: End): string {
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return pid === 0 ? at : `${comm} (${pid}) ${at}`;
}
