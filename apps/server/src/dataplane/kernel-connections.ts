import type { BtfLayouts } from '@sidestep/libbpf';
import type { Connection, Direction, Path, Reason } from '@sidestep/shared';
import { fits } from '../fits.ts';
import type { Clock } from './clock.ts';
import type { OpenConnections, Place, Side } from './dataplane.ts';
import { COUNTERS_OF_SIDE, directionOf, idOf, RecordReader, readU64, SIDES, stackReason } from './record.ts';

const COUNTERS_EACH = SIDES.length * COUNTERS_OF_SIDE;
const FIRST_ROOM = 1024;

/**
 * The kernel's table of connections, slot for slot. Numbers are kept in typed arrays, some 120 bytes a connection, and what many ends have
 * in common is kept once: a hundred thousand connections as objects would take ten times as much, and the garbage collector's time.
 */
export class KernelConnections implements OpenConnections {
  readonly #records: RecordReader;
  #rows = 0;
  /** As many rows as the look that is under way has found to be needed. */
  #seen = 0;
  #room = 0;
  #idLow = new Uint32Array();
  #idHigh = new Uint32Array();
  #opened = new Float64Array();
  #states = new Uint8Array();
  #reasons = new Uint8Array();
  #counters = new Float64Array();
  #ports = new Uint16Array();
  readonly #placeOf: Place[] = [];
  /** Of what the place was read from: it is read again where this has changed. */
  #marks = new Uint32Array();

  constructor(layouts: BtfLayouts, clock: Clock) {
    this.#records = new RecordReader(layouts, clock);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Takes over the records of `count` slots from slot `first` on. False when none of them was ever used, and so none behind them. */
  take(records: Buffer, first: number, count: number): boolean {
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    if (first === 0) this.#seen = 0;
    const rows = this.#rowsIn(view, count);
    if (rows > 0) this.#seen = Math.max(this.#seen, first + rows);
    this.#rows = Math.max(this.#rows, this.#seen);
    if (this.#rows > this.#room) this.#resize(Math.max(this.#rows, this.#room * 2, FIRST_ROOM));
    let used = false;
    for (let row = first, at = 0; row < first + count; row++, at += this.#records.size)
      used = this.#takeOne(row, records, view, at) || used;
    return used;
  }

  /** All slots have been taken over. What only a crowd needed that has gone is given back. */
  end(): void {
    this.#rows = this.#seen;
    const needed = Math.max(this.#rows, FIRST_ROOM);
    if (fits(this.#room, needed)) return;
    this.#resize(needed);
    this.#placeOf.length = this.#rows * SIDES.length;
  }

  /** One more than the last of `count` records that has a connection in it. */
  #rowsIn(view: DataView, count: number): number {
    const { size } = this.#records;
    let rows = count;
    while (rows > 0 && this.#records.isFree(view, (rows - 1) * size)) rows--;
    return rows;
  }

  /** Whether it was ever used. */
  #takeOne(row: number, records: Buffer, view: DataView, start: number): boolean {
    const { at } = this.#records;
    const opened = readU64(view, start + at.opened);
    const low = view.getUint32(start + at.id, true);
    const high = view.getUint32(start + at.id + 4, true);
    const same = this.#idLow[row] === low && this.#idHigh[row] === high;
    if (row < this.#rows) {
      this.#idLow[row] = low;
      this.#idHigh[row] = high;
    }
    if (this.#records.isFree(view, start)) return opened > 0;
    this.#opened[row] = opened;
    this.#states[row] = view.getUint32(start + at.state, true);
    this.#reasons[row] = view.getUint32(start + at.reason, true);
    for (let n = 0; n < COUNTERS_EACH; n++)
      this.#counters[row * COUNTERS_EACH + n] = readU64(view, start + (at.counters[n] ?? 0));
    for (const side of SIDES) {
      const end = start + at.ends[side];
      const index = row * SIDES.length + side;
      const mark = this.#markOf(view, end);
      if (same && this.#marks[index] === mark) continue;
      this.#marks[index] = mark;
      this.#ports[index] = view.getUint16(end + at.port, true);
      this.#placeOf[index] = this.#records.place(records, start, side);
    }
    return true;
  }

  /** Of an end, whatever may change while the connection stays: which process it belongs to. */
  #markOf(view: DataView, end: number): number {
    const { at } = this.#records;
    let mark = view.getUint32(end + at.pid, true);
    for (let word = 0; word < 16; word += 4)
      mark = Math.imul(mark, 0x01000193) ^ view.getUint32(end + at.comm + word, true);
    return mark >>> 0;
  }

  has(row: number): boolean {
    return row < this.#rows && (this.#idLow[row] !== 0 || this.#idHigh[row] !== 0);
  }

  idLow(row: number): number {
    return this.#idLow[row] ?? 0;
  }

  idHigh(row: number): number {
    return this.#idHigh[row] ?? 0;
  }

  openedAt(row: number): number {
    return this.#opened[row] ?? 0;
  }

  path(row: number): Path {
    return this.#records.isBypassing(this.#states[row] ?? 0) ? 'bypass' : 'stack';
  }

  reason(row: number): Reason | null {
    return stackReason(this.#reasons[row] ?? 0, this.path(row) === 'bypass');
  }

  place(row: number, side: Side): Place {
    return this.#placeOf[row * SIDES.length + side] as Place;
  }

  port(row: number, side: Side): number {
    return this.#ports[row * SIDES.length + side] ?? 0;
  }

  messages(row: number, side: Side): number {
    return this.#counter(row, side, 0) + this.#counter(row, side, 2);
  }

  bytes(row: number, side: Side): number {
    return this.#counter(row, side, 1) + this.#counter(row, side, 3);
  }

  connection(row: number): Connection {
    return {
      id: idOf(this.idHigh(row), this.idLow(row)),
      open: true,
      openedAt: this.#records.iso(this.openedAt(row)),
      closedAt: null,
      client: { ...this.place(row, 0), port: this.port(row, 0) },
      server: { ...this.place(row, 1), port: this.port(row, 1) },
      clientToServer: this.#direction(row, 0),
      serverToClient: this.#direction(row, 1),
    };
  }

  #direction(row: number, side: Side): Direction {
    return directionOf((which) => this.#counter(row, side, which), this.reason(row));
  }

  #counter(row: number, side: Side, which: number): number {
    return this.#counters[row * COUNTERS_EACH + side * COUNTERS_OF_SIDE + which] ?? 0;
  }

  #resize(room: number): void {
    this.#room = room;
    this.#idLow = resized(this.#idLow, room);
    this.#idHigh = resized(this.#idHigh, room);
    this.#opened = resized(this.#opened, room);
    this.#states = resized(this.#states, room);
    this.#reasons = resized(this.#reasons, room);
    this.#counters = resized(this.#counters, room * COUNTERS_EACH);
    this.#ports = resized(this.#ports, room * SIDES.length);
    this.#marks = resized(this.#marks, room * SIDES.length);
  }
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

function resized<T extends Column>(column: T, length: number): T {
  const next = new (column.constructor as new (length: number) => T)(length);
  next.set(column.subarray(0, length));
  return next;
}
