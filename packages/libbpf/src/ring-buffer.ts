import { infoByFd } from './descriptor.ts';
import { BpfError, check } from './error.ts';
import { lastErrno, native, type Pointer } from './native.ts';

/** `bytes` were written to the buffer: `records` records. `remaining` bytes are still in the ring, records that are being written included. */
export interface Drained {
  readonly bytes: number;
  readonly records: number;
  readonly remaining: number;
}

const EBADF = 9;

/**
 * The reading end of a BPF_MAP_TYPE_RINGBUF; there must be only one at a time. It polls memory that it shares with the
 * kernel, so records that were submitted without a wake-up are seen just as well.
 */
export class RingBuffer implements Disposable {
  readonly #drained = Buffer.alloc(16);
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

  /**
   * Takes records, oldest first, as many as fit: each is [u32 length][u32 zero][payload], padded to 8 bytes; see `eachRecord`.
   * Throws EMSGSIZE when not even the next one fits, and leaves it in the ring.
   */
  drain(into: Uint8Array): Drained {
    if (this.#ring === null) throw new BpfError('drain a ring buffer that is closed', EBADF, '');
    check('drain the ring buffer', native.shim_ring_drain(this.#ring, into, into.length, this.#drained));
    return {
      bytes: this.#drained.readUInt32LE(0),
      records: this.#drained.readUInt32LE(4),
      remaining: Number(this.#drained.readBigUInt64LE(8)),
    };
  }

  close(): void {
    if (this.#ring === null) return;
    native.shim_ring_close(this.#ring);
    this.#ring = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const HEADER = 8;

/** Calls `visit` with the place of each record's payload in what `drain` wrote. Throws `RangeError` where the lengths do not add up to `bytes`. */
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
