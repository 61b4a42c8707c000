import { type Connection, type Path, pathOf, type Reason } from '@sidestep/shared';
import type { OpenConnections, Place, Side } from '../dataplane/dataplane.ts';
import type { Rates, Selection } from './selection.ts';

/** A few connections, as a table. */
export class ListedConnections implements OpenConnections, Rates {
  readonly #list: readonly Connection[];

  constructor(list: readonly Connection[]) {
    this.#list = list;
  }

  static all(list: readonly Connection[]): Selection {
    const table = new ListedConnections(list);
    return { table, rows: Uint32Array.from(list.keys()), rates: table };
  }

  get rows(): number {
    return this.#list.length;
  }

  has(row: number): boolean {
    return row < this.rows;
  }

  idLow(row: number): number {
    return Number(BigInt(this.connection(row).id) & 0xffffffffn);
  }

  idHigh(row: number): number {
    return Number(BigInt(this.connection(row).id) >> 32n);
  }

  openedAt(row: number): number {
    return Date.parse(this.connection(row).openedAt) * 1e6;
  }

  path(row: number): Path {
    return pathOf(this.connection(row));
  }

  reason(row: number, side: Side): Reason | null {
    return this.#direction(row, side).reason;
  }

  place(row: number, side: Side): Place {
    return this.#end(row, side);
  }

  port(row: number, side: Side): number {
    return this.#end(row, side).port;
  }

  messages(row: number, side: Side): number {
    const { messages } = this.#direction(row, side);
    return messages.bypass + messages.stack;
  }

  bytes(row: number, side: Side): number {
    const { bytes } = this.#direction(row, side);
    return bytes.bypass + bytes.stack;
  }

  messageRate(row: number, side: Side): number {
    return this.#direction(row, side).rate.messages;
  }

  byteRate(row: number, side: Side): number {
    return this.#direction(row, side).rate.bytes;
  }

  connection(row: number): Connection {
    return this.#list[row] as Connection;
  }

  #end(row: number, side: Side) {
    const { client, server } = this.connection(row);
    return side === 0 ? client : server;
  }

  #direction(row: number, side: Side) {
    const { clientToServer, serverToClient } = this.connection(row);
    return side === 0 ? clientToServer : serverToClient;
  }
}
