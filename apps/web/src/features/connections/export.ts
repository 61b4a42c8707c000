import { type Connection, type ConnectionView, reasonOf } from '@sidestep/shared';
import { client } from '@/lib/client.ts';
import { type CsvColumn, csvOf } from '@/lib/csv.ts';
import { bytesOf, messagesOf } from './pairs.ts';

const PAGE = 1000;

/** Every connection that the view selects, not only the page of it that is in sight. */
export async function allConnections(view: ConnectionView): Promise<Connection[]> {
  const rows: Connection[] = [];
  for (;;) {
    const page = await client().connections.list.query({ ...view, offset: rows.length, limit: PAGE });
    rows.push(...page.rows);
    if (page.rows.length === 0 || rows.length >= page.matching) return rows;
  }
}

const COLUMNS: readonly CsvColumn<Connection>[] = [
  ['id', ({ id }) => id],
  ['opened_at', ({ openedAt }) => openedAt],
  ['closed_at', ({ closedAt }) => closedAt],
  ['client_process', ({ client }) => client.comm],
  ['client_pid', ({ client }) => client.pid],
  ['client_address', ({ client }) => client.address],
  ['client_port', ({ client }) => client.port],
  ['server_process', ({ server }) => server.comm],
  ['server_pid', ({ server }) => server.pid],
  ['server_address', ({ server }) => server.address],
  ['server_port', ({ server }) => server.port],
  ['client_to_server_path', ({ clientToServer }) => clientToServer.path],
  ['server_to_client_path', ({ serverToClient }) => serverToClient.path],
  ['reason', reasonOf],
  ['messages', messagesOf],
  ['bytes', bytesOf],
];

export function toCsv(connections: readonly Connection[]): string {
  return csvOf(COLUMNS, connections);
}
