import { infoByFd } from './descriptor.ts';
import { BpfError, check } from './error.ts';
import { lastErrno, native, type Pointer } from './native.ts';

/**
 * `bytes` were written to the buffer: `records` records. `remaining` bytes are in the ring behind them, records that are being written
 * included. `position` is where they end: see `RingBuffer.position`.
 */
export interface Copied {
  readonly bytes: number;
  readonly records: number;
  readonly remaining: number;
  readonly position: number;
}

const EBADF = 9;

/**
 * The reading end of a BPF_MAP_TYPE_RINGBUF; there must be only one at a time. It polls memory that it shares with the
 * kernel, so records that were submitted without a wake-up are seen just as well.
 */
export class RingBuffer implements Disposable {
  readonly #copied = Buffer.alloc(24);
  #ring: Pointer | null;

  private constructor(ring: Pointer) {
    this.#ring = ring;
  }

  /** The map may be closed afterwards. */
  static open(mapFd: number): RingBuffer {
    const size = infoByFd('the ring buffer', mapFd, 24).readUInt32LE(16);
    const ring = native.shim_ring_open(mapFd, size);
    if (ring === null) throw new BpfError('map the ring buffer', lastErrno(), '');
    return new RingBuffer(ring);
  }

  /** Bytes that were released since the ring was made, by this reader and those before it: 8 and the payload, padded to 8, for each record. */
  get position(): number {
    return Number(native.shim_ring_position(this.#open('ask')));
  }

  /**
   * Copies records, oldest first, as many as fit: each is [u32 length][u32 zero][payload], padded to 8 bytes; see `eachRecord`. They stay in
   * the ring until `release`, and the next `read` would begin with them again. Throws EMSGSIZE when not even the first one fits.
   */
  read(into: Uint8Array): Copied {
    const copied = this.#copied;
    check('read the ring buffer', native.shim_ring_read(this.#open('read'), into, into.length, copied));
    return {
      bytes: copied.readUInt32LE(0),
      records: copied.readUInt32LE(4),
      remaining: Number(copied.readBigUInt64LE(8)),
      position: Number(copied.readBigUInt64LE(16)),
    };
  }

  /** Gives the room of all records before the position back to the kernel. */
  release(position: number): void {
    native.shim_ring_release(this.#open('release'), position);
  }

  close(): void {
    if (this.#ring === null) return;
    native.shim_ring_close(this.#ring);
    this.#ring = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(what: string): Pointer {
    if (this.#ring === null) throw new BpfError(`${what} a ring buffer that is closed`, EBADF, '');
    return this.#ring;
  }
}

const HEADER = 8;

/** Calls `visit` with the place of each record's payload in what `read` wrote. Throws `RangeError` where the lengths do not add up to `bytes`. */
export function eachRecord(
  drained: Buffer,
  bytes: number,
  visit: (offset: number, length: number) => void,
): void {
  for (let at = 0; at < bytes; ) {
    const length = at + HEADER <= bytes ? drained.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    const next = at + HEADER + Math.ceil(length / 8) * 8;
    if (next > bytes)
      throw new RangeError(`The record at ${at} ends after the ${bytes} bytes that were drained.`);
    visit(at + HEADER, length);
    at = next;
  }
}
