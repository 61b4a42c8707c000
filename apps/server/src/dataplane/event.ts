import { type BtfLayouts, eachRecord } from '@sidestep/libbpf';
import { reasonFromCode } from '@sidestep/shared';
import type { Clock } from './clock.ts';
import type { DataPlaneEvent } from './dataplane.ts';
import { RecordReader, readU64 } from './record.ts';

const HEADER = 8;

/** Turns what was read from the ring into events. */
export class EventReader {
  /** Bytes that one event takes in the ring, and in what is read from it. */
  readonly room: number;
  readonly #size: number;
  readonly #at: Readonly<Record<'at' | 'kind' | 'reason' | 'connection', number>>;
  readonly #kinds: ReadonlyMap<number, DataPlaneEvent['kind']>;
  readonly #records: RecordReader;
  readonly #clock: Clock;

  constructor(layouts: BtfLayouts, clock: Clock) {
    const { size, fields } = layouts.struct('ss_event');
    const offsetOf = (name: string) => fields.get(name)?.offset ?? 0;
    this.#size = size;
    this.room = HEADER + Math.ceil(size / 8) * 8;
    this.#at = {
      at: offsetOf('at'),
      kind: offsetOf('kind'),
      reason: offsetOf('reason'),
      connection: offsetOf('connection'),
    };
    this.#kinds = eventKinds(layouts);
    this.#records = new RecordReader(layouts, clock);
    this.#clock = clock;
  }

  /** The events in the first `bytes` of what `RingBuffer.read` wrote, in order. What is not one of ours is left out. Throws `RangeError` when the lengths do not fit. */
  read(copied: Buffer, bytes: number): DataPlaneEvent[] {
    const view = new DataView(copied.buffer, copied.byteOffset, copied.length);
    const events: DataPlaneEvent[] = [];
    eachRecord(copied, bytes, (offset, length) => {
      if (length < this.#size) return;
      const kind = this.#kinds.get(view.getUint32(offset + this.#at.kind, true));
      if (kind !== undefined) events.push(this.#event(kind, copied, view, offset));
    });
    return events;
  }

  #event(kind: DataPlaneEvent['kind'], copied: Buffer, view: DataView, offset: number): DataPlaneEvent {
    const at = this.#clock.micros(readU64(view, offset + this.#at.at));
    const closedAt = kind === 'closed' ? new Date(at / 1000).toISOString() : null;
    const record = offset + this.#at.connection;
    const listening = kind === 'listening';
    return {
      kind,
      at,
      connection: listening ? null : this.#records.connection(copied, view, record, closedAt),
      listener: listening ? this.#records.end(copied, view, record, 1) : null,
      reason: reasonFromCode(view.getUint32(offset + this.#at.reason, true)),
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
