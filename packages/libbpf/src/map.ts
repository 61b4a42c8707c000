import { type MapEntries, readParts } from './batch-reader.ts';
import { cString, Descriptor, type HasFd, infoByFd, pin } from './descriptor.ts';
import { check } from './error.ts';
import { native } from './native.ts';
import { possibleCpus } from './system.ts';

/** Flags of `update`: create or replace, create only, replace only. */
export const BPF_ANY = 0;
export const BPF_NOEXIST = 1;
export const BPF_EXIST = 2;

const ENOENT = 2;
const PER_CPU_TYPES = new Set([5, 6, 10, 21]);
const MAP_INFO_SIZE = 88;

/** Of `enum bpf_map_type`; sizes in bytes. */
export interface MapInfo {
  readonly id: number;
  readonly type: number;
  readonly keySize: number;
  /** Of one value; a per-CPU map holds one for each possible CPU. */
  readonly valueSize: number;
  readonly maxEntries: number;
  /** At most 15 bytes of the name in the source. */
  readonly name: string;
  /** Of the types of its keys and values; 0 when it has none. */
  readonly btfId: number;
}

/** A map in the kernel. Keys and values are raw; their lengths are checked against the map's. */
export class BpfMap implements Disposable {
  readonly #descriptor: HasFd & Partial<Disposable>;
  readonly #label: string;
  #info: MapInfo | null = null;

  /** @internal */
  constructor(descriptor: HasFd & Partial<Disposable>, label: string) {
    this.#descriptor = descriptor;
    this.#label = label;
  }

  static openPinned(path: string): BpfMap {
    return new BpfMap(Descriptor.openPinned('the map', path), `the map ${path}`);
  }

  get fd(): number {
    return this.#descriptor.fd;
  }

  info(): MapInfo {
    if (this.#info === null) {
      const info = infoByFd(this.#label, this.fd, MAP_INFO_SIZE);
      this.#info = {
        type: info.readUInt32LE(0),
        id: info.readUInt32LE(4),
        keySize: info.readUInt32LE(8),
        valueSize: info.readUInt32LE(12),
        maxEntries: info.readUInt32LE(16),
        name: cString(info, 24, 16),
        btfId: info.readUInt32LE(64),
      };
    }
    return this.#info;
  }

  /** Bytes of one entry's value as it crosses to user space: for per-CPU maps one value, padded to 8, for each possible CPU. */
  get entrySize(): number {
    const { type, valueSize } = this.info();
    return PER_CPU_TYPES.has(type) ? Math.ceil(valueSize / 8) * 8 * possibleCpus() : valueSize;
  }

  /** A copy of the value (`entrySize` bytes), or null when the key is not there. */
  lookup(key: Uint8Array): Buffer | null {
    this.#expect('key', key, this.info().keySize);
    const value = Buffer.alloc(this.entrySize);
    const result = native.bpf_map_lookup_elem(this.fd, key, value);
    if (result === -ENOENT) return null;
    check(`look up in ${this.#label}`, result);
    return value;
  }

  /** The values of all possible CPUs, in order; null when the key is not there. */
  lookupPerCpu(key: Uint8Array): Buffer[] | null {
    const entry = this.lookup(key);
    if (entry === null) return null;
    const step = entry.length / possibleCpus();
    const { valueSize } = this.info();
    return Array.from({ length: possibleCpus() }, (_, cpu) =>
      entry.subarray(cpu * step, cpu * step + valueSize),
    );
  }

  update(key: Uint8Array, value: Uint8Array, flags = BPF_ANY): void {
    this.#expect('key', key, this.info().keySize);
    this.#expect('value', value, this.entrySize);
    check(`update ${this.#label}`, native.bpf_map_update_elem(this.fd, key, value, flags));
  }

  /** False when the key was not there. */
  delete(key: Uint8Array): boolean {
    this.#expect('key', key, this.info().keySize);
    const result = native.bpf_map_delete_elem(this.fd, key);
    if (result === -ENOENT) return false;
    check(`delete from ${this.#label}`, result);
    return true;
  }

  /**
   * Every entry, in parts of at most `most`. For types of map that the kernel reads in batches; in a hash, one bucket must fit a part (ENOSPC).
   * Entries that come or go meanwhile may be in it or not.
   */
  parts(most: number): Generator<MapEntries, void, void> {
    const { keySize } = this.info();
    return readParts({ fd: this.fd, label: this.#label, keySize, valueSize: this.entrySize }, most);
  }

  keys(): Buffer[] {
    const { keySize, maxEntries } = this.info();
    const keys: Buffer[] = [];
    const seen = new Set<string>();
    let previous: Buffer | null = null;
    for (;;) {
      const next: Buffer = Buffer.alloc(keySize);
      const result = native.bpf_map_get_next_key(this.fd, previous, next);
      if (result === -ENOENT) return keys;
      check(`walk ${this.#label}`, result);
      previous = next;
      // When `previous` was deleted meanwhile, the kernel starts again from the first key.
      const name = next.toString('latin1');
      if (seen.has(name)) continue;
      seen.add(name);
      keys.push(next);
      if (keys.length > maxEntries) return keys;
    }
  }

  pin(path: string): void {
    pin(this.#label, this.fd, path);
  }

  /** A map of an object is closed with the object; then this does nothing. */
  close(): void {
    this.#descriptor[Symbol.dispose]?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #expect(what: string, bytes: Uint8Array, size: number): void {
    if (bytes.length !== size) {
      throw new RangeError(`A ${what} of ${this.#label} has ${size} bytes, not ${bytes.length}.`);
    }
  }
}
