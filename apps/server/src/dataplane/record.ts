import type { BtfLayouts, Decoder, FieldType, StructLayout } from '@sidestep/libbpf';
import { type Connection, type Direction, type End, type Reason, reasonFromCode } from '@sidestep/shared';
import ipaddr from 'ipaddr.js';
import type { Clock } from './clock.ts';
import type { Place, Side } from './dataplane.ts';
import { programName } from './program-name.ts';

const V4_MAPPED = Buffer.from('00000000000000000000ffff', 'hex');
const HIGH = 2 ** 32;
/** Beyond this many, most are of processes that have gone. */
const MOST_PLACES = 10_000;

export const SIDES = [0, 1] as const;
/** Of what one side has sent, in the order in which `Offsets.counters` has them. */
const COUNTERS = ['bypass_messages', 'bypass_bytes', 'stack_messages', 'stack_bytes'] as const;
export const COUNTERS_OF_SIDE = COUNTERS.length;
/** What was measured of its stream, in the order in which `Offsets.rates` has them. */
const RATES = ['bypass_rate', 'stack_rate'] as const;

/** What `struct ss_end` decodes to, as far as it matters here; bpf/sidestep.h describes the fields. */
export interface EndRecord {
  readonly cookie: bigint;
  readonly netns: bigint;
  readonly cgroup: bigint;
  readonly address: Buffer;
  readonly comm: string;
  readonly pid: number;
  readonly port: number;
}

/**
 * Reads `struct ss_connection`, field by field where it stands: there are tens of thousands a second of them, and to decode all that is in
 * one takes ten times as long as to read what is wanted.
 */
export class RecordReader {
  /** Bytes of one record. */
  readonly size: number;
  readonly at: Offsets;
  readonly #decodeEnd: Decoder<EndRecord>;
  readonly #endSize: number;
  readonly #bypassing: ReadonlySet<number>;
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();

  constructor(layouts: BtfLayouts, clock: Clock) {
    const layout = layouts.struct('ss_connection');
    this.size = layout.size;
    this.at = offsetsIn(layout);
    this.#decodeEnd = layouts.decoder<EndRecord>('ss_end');
    this.#endSize = layouts.struct('ss_end').size;
    this.#bypassing = bypassingStates(layouts);
    this.#clock = clock;
  }

  /** Of the record at `start`; `closedAt` where it is the last one of its connection. `view` is one of `records`. */
  connection(records: Buffer, view: DataView, start: number, closedAt: string | null = null): Connection {
    const { at } = this;
    const bypassing = closedAt === null && this.isBypassing(view.getUint32(start + at.state, true));
    const reason = stackReason(view.getUint32(start + at.reason, true), bypassing);
    return {
      id: idOf(view.getUint32(start + at.id + 4, true), view.getUint32(start + at.id, true)),
      open: closedAt === null,
      openedAt: this.#clock.iso(readU64(view, start + at.opened)),
      closedAt,
      client: this.end(records, view, start, 0),
      server: this.end(records, view, start, 1),
      clientToServer: this.#direction(view, start, 0, reason),
      serverToClient: this.#direction(view, start, 1, reason),
    };
  }

  end(records: Buffer, view: DataView, start: number, side: Side): End {
    return {
      ...this.place(records, start, side),
      port: view.getUint16(start + this.at.ends[side] + this.at.port, true),
    };
  }

  /** The same object for ends that have the same place, for as long as it is remembered. */
  place(records: Buffer, start: number, side: Side): Place {
    const end = start + this.at.ends[side];
    // Without cookie and port, which are each end's own.
    const name = records.toString('latin1', end + this.at.place, end + this.at.port);
    const known = this.#places.get(name);
    if (known) return known;
    if (this.#places.size >= MOST_PLACES) this.#places.clear();
    const { port: _, ...place } = endOf(this.#decodeEnd(records.subarray(end, end + this.#endSize)));
    this.#places.set(name, place);
    return place;
  }

  /** No id: the slot is free, or its record is being written at this moment. */
  isFree(view: DataView, start: number): boolean {
    const { id } = this.at;
    return view.getUint32(start + id, true) === 0 && view.getUint32(start + id + 4, true) === 0;
  }

  isBypassing(state: number): boolean {
    return this.#bypassing.has(state);
  }

  iso(monotonic: number): string {
    return this.#clock.iso(monotonic);
  }

  #direction(view: DataView, start: number, side: Side, reason: Reason | null): Direction {
    const counter = (which: number) =>
      readU64(view, start + (this.at.counters[side * COUNTERS_OF_SIDE + which] ?? 0));
    return directionOf(counter, reason);
  }
}

/** `counter` answers with one of `COUNTERS`. Null is the reason on the bypass. */
export function directionOf(counter: (which: number) => number, reason: Reason | null): Direction {
  return {
    path: reason === null ? 'bypass' : 'stack',
    reason,
    bytes: { bypass: counter(1), stack: counter(3) },
    messages: { bypass: counter(0), stack: counter(2) },
    rate: { bytes: 0, messages: 0 },
  };
}

export function endOf(record: EndRecord): End {
  return {
    address: addressOf(record.address),
    port: record.port,
    netns: String(record.netns),
    cgroup: String(record.cgroup),
    pid: record.pid,
    comm: programName(record),
  };
}

/** IPv4 comes v4-mapped and is shown as IPv4. */
function addressOf(bytes: Buffer): string {
  if (bytes.compare(V4_MAPPED, 0, 12, 0, 12) === 0) return bytes.subarray(12).join('.');
  return ipaddr.fromByteArray([...bytes]).toString();
}

/** 64 bits in decimal. */
export function idOf(high: number, low: number): string {
  return String(high === 0 ? low : (BigInt(high) << 32n) | BigInt(low));
}

/** Null on the bypass. */
export function stackReason(code: number, bypassing: boolean): Reason | null {
  return bypassing ? null : (reasonFromCode(code) ?? 'closing');
}

/** Above 2^53 not to the last digit. */
export function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * HIGH;
}

/** The states in which messages still take the bypass. */
function bypassingStates(layouts: BtfLayouts): ReadonlySet<number> {
  const states = layouts.enum('ss_state');
  const bypassing = ['SS_STATE_BYPASS', 'SS_STATE_LEAVING', 'SS_STATE_GATE'].map((name) => states.get(name));
  return new Set(bypassing.filter((state) => state !== undefined));
}

/** Where in a record what stands, in bytes. */
export interface Offsets {
  readonly id: number;
  readonly opened: number;
  readonly state: number;
  readonly reason: number;
  readonly ends: readonly [number, number];
  /** `COUNTERS` of both sides, one after the other. */
  readonly counters: readonly number[];
  /** `RATES` of both sides. */
  readonly rates: readonly [readonly [number, number], readonly [number, number]];
  /** Within an end, from here to its port stands what makes its place. */
  readonly place: number;
  readonly pid: number;
  readonly port: number;
  readonly comm: number;
}

function offsetsIn(connection: StructLayout): Offsets {
  const [end, direction] = [elementOf(connection, 'end'), elementOf(connection, 'direction')];
  const inEnd = (name: string) => fieldOf(end.struct, name).offset;
  const ofSide = (side: Side) => (name: string) =>
    direction.offset + side * direction.struct.size + fieldOf(direction.struct, name).offset;
  const ratesOf = (side: Side) => RATES.map(ofSide(side)) as [number, number];
  const places = ['netns', 'cgroup', 'address', 'comm', 'pid'].map(inEnd);
  if (Math.max(...places) > inEnd('port') || inEnd('cookie') > Math.min(...places))
    throw new RangeError(
      'In ss_end, the cookie must come first and the port last of what says where an end is.',
    );
  return {
    id: fieldOf(connection, 'id').offset,
    opened: fieldOf(connection, 'opened').offset,
    state: fieldOf(connection, 'state').offset,
    reason: fieldOf(connection, 'reason').offset,
    ends: [end.offset, end.offset + end.struct.size],
    counters: SIDES.flatMap((side) => COUNTERS.map(ofSide(side))),
    rates: [ratesOf(0), ratesOf(1)],
    place: Math.min(...places),
    pid: inEnd('pid'),
    port: inEnd('port'),
    comm: inEnd('comm'),
  };
}

function fieldOf(layout: StructLayout, name: string): FieldType & { readonly offset: number } {
  const field = layout.fields.get(name);
  if (!field) throw new RangeError(`${layout.name} has no field ${name}.`);
  return field;
}

/** Of an array of structs. */
function elementOf(layout: StructLayout, name: string): { offset: number; struct: StructLayout } {
  const field = fieldOf(layout, name);
  if (field.kind !== 'array' || field.element.kind !== 'struct')
    throw new RangeError(`${layout.name}.${name} is no array of structs.`);
  return { offset: field.offset, struct: field.element.struct };
}
