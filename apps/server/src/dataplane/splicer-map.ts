import type { BpfMap, BtfLayouts, Decoder, Encoder } from '@sidestep/libbpf';
import type { Executable, SplicingProcess } from './dataplane.ts';

/** The kernel's map of executables that splice from TCP sockets: `struct ss_executable` to `struct ss_splicer`. */
export class SplicerMap {
  readonly #map: BpfMap;
  readonly #encodeKey: Encoder;
  readonly #decodeKey: Decoder<Executable>;
  readonly #decodeValue: Decoder<{ readonly pid: number; readonly comm: string }>;
  readonly #nobody: Buffer;

  constructor(map: BpfMap, layouts: BtfLayouts) {
    this.#map = map;
    this.#encodeKey = layouts.encoder('ss_executable');
    this.#decodeKey = layouts.decoder('ss_executable');
    this.#decodeValue = layouts.decoder('ss_splicer');
    this.#nobody = Buffer.alloc(layouts.struct('ss_splicer').size);
  }

  read(): SplicingProcess[] {
    return this.#map.keys().flatMap((key) => {
      const value = this.#map.lookup(key);
      return value ? [{ ...this.#decodeKey(key), ...this.#decodeValue(value) }] : [];
    });
  }

  add({ device, inode }: Executable): void {
    this.#map.update(this.#encodeKey({ device, inode }), this.#nobody);
  }

  remove({ device, inode }: Executable): void {
    this.#map.delete(this.#encodeKey({ device, inode }));
  }
}
