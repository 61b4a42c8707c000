import type { Connection } from '@sidestep/shared';
import type { OpenConnections, Side } from '../dataplane/dataplane.ts';

/** Per second, of what the side sends. */
export interface Rates {
  messageRate(row: number, side: Side): number;
  byteRate(row: number, side: Side): number;
}

/** Some of the rows of a table, in no order. */
export interface Selection {
  readonly table: OpenConnections;
  readonly rows: Uint32Array;
  readonly rates: Rates;
}

/** With its rates. */
export function connectionAt({ table, rates }: Selection, row: number): Connection {
  const connection = table.connection(row);
  const rate = (side: Side) => ({
    bytes: rates.byteRate(row, side),
    messages: rates.messageRate(row, side),
  });
  return {
    ...connection,
    clientToServer: { ...connection.clientToServer, rate: rate(0) },
    serverToClient: { ...connection.serverToClient, rate: rate(1) },
  };
}
