import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BpfLink, BpfObject, type Copied, eachRecord, RingBuffer, readIterator } from '../src/index.ts';
import { compile } from './kernel.ts';

/** 8 bytes of header and 12 of payload, padded. */
const RECORD = 24;
const PER_ROUND = 90_000;

let objectPath: string;
let object: BpfObject;
let fill: BpfLink;
beforeAll(() => {
  objectPath = compile('ring');
});
beforeEach(() => {
  object = BpfObject.open(objectPath);
  object.load();
  fill = object.program('fill').attachIterator();
});
afterEach(() => {
  fill.close();
  object.close();
});

/** As a reader does that is done with a record when it has a copy. */
function drain(ring: RingBuffer, into: Buffer): Copied {
  const copied = ring.read(into);
  ring.release(copied.position);
  return copied;
}

/** Drains until the ring is empty; the numbers that the program gave its records. */
function takeAll(ring: RingBuffer, room: number): number[] {
  const into = Buffer.alloc(room);
  const numbers: number[] = [];
  for (;;) {
    const { bytes, records, remaining } = drain(ring, into);
    let count = 0;
    eachRecord(into, bytes, (offset, length) => {
      if (length !== 12) throw new Error(`a record of ${length} bytes`);
      numbers.push(Number(into.readBigUInt64LE(offset)));
      count++;
    });
    expect(count).toBe(records);
    if (remaining === 0) return numbers;
  }
}

test('more than 100 000 records arrive in order, over the end of the ring, without a wake-up', () => {
  using ring = RingBuffer.open(object.map('ring').fd);
  const numbers: number[] = [];
  // Uneven rooms, so that batches end at every place.
  for (const room of [4096, 65_536 + 8, 1 << 20]) {
    readIterator(fill);
    numbers.push(...takeAll(ring, room));
  }
  expect(numbers.length).toBe(3 * PER_ROUND);
  expect(numbers.findIndex((number, index) => number !== index)).toBe(-1);
});

test('an empty ring gives nothing', () => {
  using ring = RingBuffer.open(object.map('ring').fd);
  expect(ring.read(Buffer.alloc(64))).toEqual({ bytes: 0, records: 0, remaining: 0, position: 0 });
});

test('what does not fit stays, and what remains is told', () => {
  using ring = RingBuffer.open(object.map('ring').fd);
  readIterator(fill);
  const into = Buffer.alloc(2 * RECORD + 8);
  // 100 000 places in the ring, discarded ones included.
  expect(drain(ring, into)).toEqual({
    bytes: 2 * RECORD,
    records: 2,
    remaining: 99_998 * RECORD,
    position: 2 * RECORD,
  });
  expect(() => ring.read(Buffer.alloc(RECORD - 1))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
  expect(drain(ring, into).records).toBe(2);
  expect(into.readBigUInt64LE(8)).toBe(2n);
});

test('a full ring loses records, not their order, and the next reader goes on where the last one stopped', () => {
  for (let round = 0; round < 3; round++) readIterator(fill);
  const counters = object.layouts().section('.bss').fields;
  const bss = object.map('.bss').lookup(Buffer.alloc(4));
  const lost = Number(bss?.readBigUInt64LE(counters.get('lost')?.offset));
  expect(lost).toBeGreaterThan(0);
  using first = RingBuffer.open(object.map('ring').fd);
  const start = drain(first, Buffer.alloc(10 * RECORD)).records;
  first.close();
  expect(() => first.read(Buffer.alloc(64))).toThrow('closed');
  using second = RingBuffer.open(object.map('ring').fd);
  const numbers = takeAll(second, 1 << 20);
  expect(numbers[0]).toBe(start);
  expect(numbers.findIndex((number, index) => number !== index + start)).toBe(-1);
});

test('what was read stays until it is released, also for another reader', () => {
  readIterator(fill);
  const into = Buffer.alloc(4 * RECORD);
  using first = RingBuffer.open(object.map('ring').fd);
  const { position } = first.read(into);
  expect(first.read(into)).toMatchObject({ records: 4, position });
  expect(into.readBigUInt64LE(8)).toBe(0n);
  expect(first.position).toBe(0);
  first.release(position);
  using second = RingBuffer.open(object.map('ring').fd);
  expect(second.position).toBe(4 * RECORD);
  second.read(into);
  expect(into.readBigUInt64LE(8)).toBe(4n);
});

test('a map that is no ring buffer is refused', () => {
  expect(() => RingBuffer.open(object.map('.bss').fd)).toThrow('Could not map the ring buffer');
});
