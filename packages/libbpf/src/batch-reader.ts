import { check } from './error.ts';
import { native } from './native.ts';

const ENOENT = 2;

/**
 * `count` entries, packed: key n is at `n * keySize` of `keys`, value n at `n * valueSize` of `values` (for per-CPU maps
 * `valueSize` is the whole entry). The buffers are those of the next part too, so decode before that.
 */
export interface MapEntries {
  readonly keys: Buffer;
  readonly values: Buffer;
  readonly count: number;
  readonly keySize: number;
  readonly valueSize: number;
}

/** What is read, and how large its keys and entries are: see `BpfMap`. */
interface Source {
  readonly fd: number;
  readonly label: string;
  readonly keySize: number;
  readonly valueSize: number;
}

/** Every entry, with few system calls, at most `most` of them in one part. */
export function* readParts(
  { fd, label, keySize, valueSize }: Source,
  most: number,
): Generator<MapEntries, void, void> {
  const keys = Buffer.allocUnsafeSlow(most * keySize);
  const values = Buffer.allocUnsafeSlow(most * valueSize);
  // A hash writes a bucket number, others a key.
  const position = Buffer.alloc(Math.max(keySize, 8));
  for (let from: Buffer | null = null, ended = false; !ended; from = position) {
    const got = new Uint32Array([most]);
    const result = native.bpf_map_lookup_batch(fd, from, position, keys, values, got, null);
    ended = result === -ENOENT;
    if (!ended) check(`read ${label}`, result);
    const count = got[0] ?? 0;
    if (count === 0) continue;
    yield {
      keys: keys.subarray(0, count * keySize),
      values: values.subarray(0, count * valueSize),
      count,
      keySize,
      valueSize,
    };
  }
}
