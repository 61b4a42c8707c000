import { join } from 'node:path';
import { BtfLayouts, eachRecord } from '@sidestep/libbpf';
import { connectionSchema, eventSchema } from '@sidestep/shared';
import fc from 'fast-check';
import { expect } from 'vitest';
import { BulkReader } from '../../src/dataplane/bulk.ts';
import { EventReader } from '../../src/dataplane/event.ts';
import { KernelConnections } from '../../src/dataplane/kernel-connections.ts';
import { RecordReader } from '../../src/dataplane/record.ts';
import { eventFromKernel } from '../../src/events/convert.ts';
import { anyBytes } from './support/bytes.ts';
import { fuzz } from './support/fuzz.ts';

const layouts = BtfLayouts.fromObject(join(import.meta.dirname, '../../../../bpf/build/sidestep.o'));
const clock = {
  micros: (at: number) => Math.floor(at / 1000),
  iso: (at: number) => new Date(at / 1e6).toISOString(),
};
const size = layouts.struct('ss_event').size;
const reader = new EventReader(layouts, clock);
const records = new RecordReader(layouts, clock);
const encode = layouts.encoder('ss_event');
const kinds = [...layouts.enum('ss_event_kind').values()];
const reasons = [...layouts.enum('ss_reason').values()];

function connectionOf(bytes: Buffer, start: number) {
  return records.connection(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start);
}

/** As `drain` writes them. */
function drained(payloads: readonly Uint8Array[]): Buffer {
  const parts = payloads.map((payload) => {
    const record = Buffer.alloc(8 + Math.ceil(payload.length / 8) * 8);
    record.writeUInt32LE(payload.length);
    record.set(payload, 8);
    return record;
  });
  return Buffer.concat(parts);
}

const encodeConnection = layouts.encoder('ss_connection');
/** The table counts in numbers, which are exact up to here: eight million gigabytes. */
const u53 = fc.maxSafeNat();

/** What numbers of the kernel's own may be, around which the other bytes are any. */
function plausible(id: number, opened: number, [a, b, c, d, e, f, g, h]: number[]) {
  const direction = (messages = 0, bytes = 0, stackMessages = 0, stackBytes = 0) => ({
    bypass_messages: messages,
    bypass_bytes: bytes,
    stack_messages: stackMessages,
    stack_bytes: stackBytes,
  });
  return {
    id,
    opened,
    state: (a ?? 0) % 7,
    reason: reasons[(b ?? 0) % reasons.length] ?? 0,
    direction: [direction(a, b, c, d), direction(e, f, g, h)],
  };
}

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
/** What the kernel can write: any bytes in every field, but its own codes for kind, state and reason. */
const payload = fc
  .tuple(anyBytes(size), fc.constantFrom(...kinds), fc.constantFrom(...reasons))
  .map(([bytes, kind, reason]) => encode({ kind, reason }, bytes));

fuzz(
  'events of any content are events that the API allows',
  fc.array(payload, { maxLength: 4 }),
  (payloads) => {
    const bytes = drained(payloads);
    const events = reader.read(bytes, bytes.length);
    expect(events).toHaveLength(payloads.length);
    for (const event of events) eventSchema.parse({ seq: 1, ...eventFromKernel(event) });
  },
);

fuzz(
  'records that are none of ours are left out, and their neighbours stay',
  fc.tuple(anyBytes(0, 2 * size), payload),
  ([stranger, ours]) => {
    const bytes = drained([ours, stranger, ours]);
    const events = reader.read(bytes, bytes.length);
    expect(events.length).toBeGreaterThanOrEqual(2);
    const [alone] = reader.read(drained([ours]), drained([ours]).length);
    expect(events[0]).toEqual(alone);
    expect(events.at(-1)).toEqual(alone);
    for (const event of events) eventSchema.parse({ seq: 1, ...eventFromKernel(event) });
  },
);

fuzz(
  'lengths that do not fit end in a RangeError, and nothing outside of what was drained is read',
  fc.tuple(anyBytes(0, 256), fc.array(fc.tuple(fc.nat(31), u32), { maxLength: 4 })),
  ([bytes, lengths]) => {
    for (const [word, length] of lengths)
      if (word * 4 + 4 <= bytes.length) bytes.writeUInt32LE(length, word * 4);
    let last = 0;
    try {
      eachRecord(bytes, bytes.length, (offset, length) => {
        expect(offset).toBeGreaterThan(last);
        expect(offset + length).toBeLessThanOrEqual(bytes.length);
        last = offset;
      });
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
  },
);

const connection = layouts.struct('ss_connection').size;
const anyRecord = anyBytes(connection);
/** Content, id, when it opened, and counters. */
const slots = fc.array(fc.tuple(anyRecord, u53, u53, fc.array(u53, { minLength: 8, maxLength: 8 })), {
  minLength: 1,
  maxLength: 3,
});

function recordsIn(contents: readonly [Buffer, number, number, number[]][]): Buffer {
  return Buffer.concat(
    contents.map(([content, id, opened, counters]) =>
      encodeConnection(plausible(id, opened, counters), content),
    ),
  );
}

fuzz('table entries of any content are connections that the API allows', anyRecord, (bytes) => {
  connectionSchema.parse(connectionOf(bytes, 0));
});

/** One table for all inputs: each finds in its rows what earlier ones have left there. */
const table = new KernelConnections(layouts, clock);

fuzz('the table says of each slot what its record says, whatever was there before', slots, (contents) => {
  const bytes = recordsIn(contents);
  expect(table.take(bytes, 0, contents.length)).toBe(contents.some(([, id, opened]) => id > 0 || opened > 0));
  for (const [row, [, id]] of contents.entries()) {
    expect(table.has(row)).toBe(id > 0);
    if (id > 0) expect(table.connection(row)).toEqual(connectionOf(bytes, row * connection));
  }
});

const bulk = new BulkReader(layouts);

fuzz('what has carried a lot is told, with what it carried, and nothing else', slots, (contents) => {
  const bytes = recordsIn(contents);
  const told = new Map([...bulk.read(bytes, contents.length)].map((one) => [one.id, one]));
  for (const [row, [, id]] of contents.entries()) {
    const { clientToServer: up, serverToClient: down } = connectionOf(bytes, row * connection);
    const carried = up.bytes.bypass + up.bytes.stack + down.bytes.bypass + down.bytes.stack;
    if (id === 0 || carried < 1 << 20) continue;
    expect(told.get(String(id))?.pids).toHaveLength(2);
  }
  const ids = contents.filter(([, id]) => id > 0).map(([, id]) => String(id));
  for (const { id } of told.values()) expect(ids).toContain(id);
});

fuzz(
  'what the kernel counted and named is what the event says',
  fc.record({
    id: u64,
    cookie: u64,
    pid: u32,
    port: fc.nat(65_535),
    comm: fc.string({ maxLength: 15 }).filter((text) => !text.includes('\0')),
    bytes: fc.nat(),
  }),
  ({ id, cookie, pid, port, comm, bytes }) => {
    const end = { cookie, netns: 1n, cgroup: 1n, pid, port, comm, address: Buffer.alloc(16) };
    const direction = { bypass_messages: 1, bypass_bytes: bytes, stack_messages: 2, stack_bytes: 3 };
    const closed = layouts.enum('ss_event_kind').get('SS_EVENT_CLOSED') ?? 0;
    const record = encode({
      kind: closed,
      at: 2_000_000n,
      connection: { id, opened: 1_000_000n, end: [end, end], direction: [direction, direction] },
    });
    const [event] = reader.read(drained([record]), drained([record]).length);
    expect(event && eventFromKernel(event)).toMatchObject({
      kind: 'closed',
      connection: String(id),
      client: { pid, port, comm },
      bytes: { bypass: 2 * bytes, stack: 6 },
      duration: 0.001,
    });
  },
);
