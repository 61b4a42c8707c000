import { check } from './error.ts';
import { native } from './native.ts';

const ENOENT = 2;
const ENOSPC = 28;
const EOPNOTSUPP = 95;
const ENOTSUPP = 524;
const FIRST_ROOM = 1024;

/**
 * `count` entries, packed: key n is at `n * keySize` of `keys`, value n at `n * valueSize` of `values` (for per-CPU maps
 * `valueSize` is the whole entry). The buffers are used again by the next call on the same map, so decode before that.
 */
export interface MapEntries {
  readonly keys: Buffer;
  readonly values: Buffer;
  readonly count: number;
  readonly keySize: number;
  readonly valueSize: number;
}

/** What the reader needs of a map. `entrySize` as in `BpfMap`. */
interface Source {
  readonly fd: number;
  readonly entrySize: number;
  info(): { readonly keySize: number };
  keys(): Buffer[];
  lookup(key: Uint8Array): Buffer | null;
}

/** Reads a whole map with few system calls, into buffers that it keeps and lets grow with the map's content. */
export class BatchReader {
  readonly #map: Source;
  readonly #label: string;
  readonly #keySize: number;
  readonly #valueSize: number;
  #batches = true;
  #room: number;
  #keys: Buffer;
  #values: Buffer;

  constructor(map: Source, label: string) {
    this.#map = map;
    this.#label = label;
    this.#keySize = map.info().keySize;
    this.#valueSize = map.entrySize;
    this.#room = FIRST_ROOM;
    this.#keys = Buffer.allocUnsafeSlow(this.#room * this.#keySize);
    this.#values = Buffer.allocUnsafeSlow(this.#room * this.#valueSize);
  }

  read(): MapEntries {
    const count = (this.#batches ? this.#readBatches() : null) ?? this.#readOneByOne();
    const keySize = this.#keySize;
    const valueSize = this.#valueSize;
    return {
      keys: this.#keys.subarray(0, count * keySize),
      values: this.#values.subarray(0, count * valueSize),
      count,
      keySize,
      valueSize,
    };
  }

  /**
   * The same in parts of at most `most` entries, so that not all of a large map is in memory at once. For maps that have batches; one bucket
   * of a hash must fit a part. The buffers are those of the last part.
   */
  *parts(most: number): Generator<MapEntries, void, void> {
    this.#makeRoom(most);
    const keySize = this.#keySize;
    const valueSize = this.#valueSize;
    const position = Buffer.alloc(Math.max(keySize, 8));
    for (let from: Buffer | null = null, ended = false; !ended; from = position) {
      const got = new Uint32Array([most]);
      const result = this.#lookUp(from, position, 0, got);
      ended = result === -ENOENT;
      if (!ended) check(`read ${this.#label}`, result);
      const count = got[0] ?? 0;
      const keys = this.#keys.subarray(0, count * keySize);
      const values = this.#values.subarray(0, count * valueSize);
      if (count > 0) yield { keys, values, count, keySize, valueSize };
    }
  }

  /** Null when the kernel has no batches for this type of map. */
  #readBatches(): number | null {
    // A hash writes a bucket number, others a key.
    const position = Buffer.alloc(Math.max(this.#keySize, 8));
    const got = new Uint32Array(1);
    let count = 0;
    for (let from: Buffer | null = null; ; ) {
      if (count === this.#room) this.#grow();
      got[0] = this.#room - count;
      const result = this.#lookUp(from, position, count, got);
      // The next bucket alone holds more than the room that is left.
      if (result === -ENOSPC) {
        this.#grow();
        continue;
      }
      if (from === null && (result === -ENOTSUPP || result === -EOPNOTSUPP)) {
        this.#batches = false;
        return null;
      }
      if (result !== -ENOENT) check(`read ${this.#label}`, result);
      count += got[0];
      if (result === -ENOENT) return count;
      from = position;
    }
  }

  /** Up to `got[0]` entries from `from` on, written behind the first `count`; the kernel writes how many into `got`. */
  #lookUp(from: Buffer | null, position: Buffer, count: number, got: Uint32Array): number {
    return native.bpf_map_lookup_batch(
      this.#map.fd,
      from,
      position,
      this.#keys.subarray(count * this.#keySize),
      this.#values.subarray(count * this.#valueSize),
      got,
      null,
    );
  }

  #readOneByOne(): number {
    let count = 0;
    for (const key of this.#map.keys()) {
      const value = this.#map.lookup(key);
      if (value === null) continue;
      if (count === this.#room) this.#grow();
      key.copy(this.#keys, count * this.#keySize);
      value.copy(this.#values, count * this.#valueSize);
      count++;
    }
    return count;
  }

  #grow(): void {
    this.#makeRoom(this.#room * 2);
  }

  #makeRoom(room: number): void {
    if (room <= this.#room) return;
    this.#room = room;
    this.#keys = grown(this.#keys, room * this.#keySize);
    this.#values = grown(this.#values, room * this.#valueSize);
  }
}

function grown(buffer: Buffer, size: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(size);
  buffer.copy(larger);
  return larger;
}
