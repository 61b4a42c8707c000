import { type BtfLayouts, type Decoder, eachRecord } from '@sidestep/libbpf';
import { reasonFromCode } from '@sidestep/shared';
import type { Clock } from './clock.ts';
import type { DataPlaneEvent } from './dataplane.ts';
import { type ConnectionRecord, endOf, RecordReader } from './record.ts';

const HEADER = 8;

interface EventRecord {
  readonly at: bigint;
  readonly kind: number;
  readonly reason: number;
  readonly connection: ConnectionRecord;
}

/** Turns what was drained from the ring into events. */
export class EventReader {
  /** Bytes that one event takes in the ring, and in what is read from it. */
  readonly room: number;
  readonly #size: number;
  readonly #decode: Decoder<EventRecord>;
  readonly #kinds: ReadonlyMap<number, DataPlaneEvent['kind']>;
  readonly #records: RecordReader;
  readonly #clock: Clock;

  constructor(layouts: BtfLayouts, clock: Clock) {
    this.#size = layouts.struct('ss_event').size;
    this.room = HEADER + Math.ceil(this.#size / 8) * 8;
    this.#decode = layouts.decoder<EventRecord>('ss_event');
    this.#kinds = eventKinds(layouts);
    this.#records = new RecordReader(layouts, clock);
    this.#clock = clock;
  }

  /** The events in the first `bytes` of what `RingBuffer.read` wrote, in order. What is not one of ours is left out. Throws `RangeError` when the lengths do not fit. */
  read(copied: Buffer, bytes: number): DataPlaneEvent[] {
    const events: DataPlaneEvent[] = [];
    eachRecord(copied, bytes, (offset, length) => {
      if (length < this.#size) return;
      const record = this.#decode(copied, offset);
      const kind = this.#kinds.get(record.kind);
      if (kind !== undefined) events.push(this.#event(kind, record));
    });
    return events;
  }

  #event(kind: DataPlaneEvent['kind'], record: EventRecord): DataPlaneEvent {
    const at = this.#clock.micros(record.at);
    const closedAt = kind === 'closed' ? new Date(at / 1000).toISOString() : null;
    return {
      kind,
      at,
      connection: kind === 'listening' ? null : this.#records.connection(record.connection, closedAt),
      listener: kind === 'listening' ? endOf(record.connection.end[1]) : null,
      reason: reasonFromCode(record.reason),
    };
  }
}

function eventKinds(layouts: BtfLayouts): ReadonlyMap<number, DataPlaneEvent['kind']> {
  const kinds = new Map<number, DataPlaneEvent['kind']>();
  for (const [name, code] of layouts.enum('ss_event_kind')) {
    kinds.set(code, name.replace('SS_EVENT_', '').toLowerCase() as DataPlaneEvent['kind']);
  }
  return kinds;
}
