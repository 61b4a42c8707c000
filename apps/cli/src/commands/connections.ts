import {
  type Connection,
  type ConnectionPage,
  type ConnectionView,
  type Direction,
  type End,
  pathOf,
  reasonOf,
} from '@sidestep/shared';
import { withDaemon } from '../daemon.ts';
import { bytes, short, span } from '../numbers.ts';
import { print, printJson } from '../output.ts';
import { tableOf } from '../table.ts';
import { type CommonOptions, verb } from '../verb.ts';

const PAGE = 1000;
/** Rows of a page that the next one should begin with. */
const OVERLAP = 200;

export const connections = verb('connections', 'list the local connections, each with its path and why')
  .option('--all', 'include those that closed within the last ten minutes')
  .action(async ({ stateDir, json, all }: CommonOptions & { all?: true }) => {
    const rows = await withDaemon(stateDir, ({ connections }) =>
      readAll((view) => connections.list.query(view), all === true),
    );
    if (json) printJson(rows);
    else print(linesOf(rows, Date.now()));
  });

type ReadPage = (view: ConnectionView) => Promise<Pick<ConnectionPage, 'rows'>>;

/**
 * Every connection, oldest first. Where some close meanwhile the others move up: so a page begins with rows of the one before, and where there is none of them in it some were
 * passed over, and it is asked for from further up.
 */
export async function readAll(page: ReadPage, includeClosed: boolean): Promise<Connection[]> {
  const byId = new Map<string, Connection>();
  let offset = 0;
  while (true) {
    const view = { includeClosed, sort: 'age', descending: true, offset, limit: PAGE } as const;
    const { rows } = await page(view);
    if (offset > 0 && !rows.some(({ id }) => byId.has(id))) {
      offset = Math.max(0, offset - PAGE + OVERLAP);
      continue;
    }
    for (const row of rows) byId.set(row.id, row);
    if (rows.length < PAGE) return [...byId.values()];
    offset += PAGE - OVERLAP;
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
