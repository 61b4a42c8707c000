import type { BtfLayouts, Decoder } from '@sidestep/libbpf';
import { systemClock } from './clock.ts';
import type { BulkConnection, Executable } from './dataplane.ts';
import { COUNTERS_OF_SIDE, idOf, type Offsets, RecordReader, readU64, SIDES } from './record.ts';

/** What has carried less since it opened is passed over. */
const BULK_BYTES = 1 << 20;

interface BulkEnd {
  readonly executable: Executable;
  readonly netns: bigint;
  readonly pid: number;
  readonly port: number;
}

/** Reads from the kernel's records the connections that have carried a lot, and between which programs. */
export class BulkReader {
  readonly #records: RecordReader;
  readonly #decodeEnd: Decoder<BulkEnd>;
  readonly #endSize: number;

  /** Throws `RangeError` when these are of a version that does not know the programs. */
  constructor(layouts: BtfLayouts) {
    this.#records = new RecordReader(layouts, systemClock);
    this.#decodeEnd = layouts.decoder<BulkEnd>('ss_end');
    this.#endSize = layouts.struct('ss_end').size;
  }

  /** Whether any of `count` records ever had a connection in it. */
  wasUsed(records: Buffer, count: number): boolean {
    const { at, size } = this.#records;
    for (let row = 0; row < count; row++)
      if (records.readBigUInt64LE(row * size + at.opened) > 0n) return true;
    return false;
  }

  /** Of `count` records. */
  *read(records: Buffer, count: number): Generator<BulkConnection> {
    const { at, size } = this.#records;
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    for (let row = 0, start = 0; row < count; row++, start += size) {
      if (this.#records.isFree(view, start)) continue;
      const ofBoth = (which: number) =>
        SIDES.map((side) => readU64(view, start + (at.counters[side * COUNTERS_OF_SIDE + which] ?? 0))) as [
          number,
          number,
        ];
      const bypassed = sum(ofBoth(1));
      const bytes = bypassed + sum(ofBoth(3));
      if (bytes < BULK_BYTES) continue;
      const bypass = { messages: ofBoth(0), bytes: bypassed };
      const [client, server] = at.ends.map((end) =>
        this.#decodeEnd(records.subarray(start + end, start + end + this.#endSize)),
      ) as [BulkEnd, BulkEnd];
      yield {
        id: idOf(view.getUint32(start + at.id + 4, true), view.getUint32(start + at.id, true)),
        pair: {
          client: client.executable,
          server: server.executable,
          netns: server.netns,
          port: server.port,
        },
        pids: [client.pid, server.pid],
        bytes,
        bypass,
        rates: ratesIn(view, start, at),
      };
    }
  }
}

/** Of the side whose stream was measured on both paths; of the faster one if both were. */
function ratesIn(view: DataView, start: number, { rates }: Offsets): BulkConnection['rates'] {
  const measured = rates
    .map(([bypass, stack]) => ({
      bypass: view.getUint32(start + bypass, true),
      stack: view.getUint32(start + stack, true),
    }))
    .filter(({ bypass, stack }) => bypass > 0 && stack > 0);
  return measured.sort((one, other) => other.bypass - one.bypass)[0] ?? null;
}

function sum([client, server]: readonly [number, number]): number {
  return client + server;
}
