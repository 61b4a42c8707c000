import type { BpfMap, BtfLayouts, Decoder, Encoder } from '@sidestep/libbpf';
import type { Executable, SplicingProcess } from './dataplane.ts';

/** The kernel's map of executables that splice from TCP sockets: `struct ss_executable` to `struct ss_splicer`. */
export class SplicerMap {
  readonly #map: BpfMap;
  readonly #encodeKey: Encoder;
  readonly #decodeKey: Decoder<Omit<Executable, 'version'> & Partial<Executable>>;
  readonly #decodeValue: Decoder<{ readonly pid: number; readonly comm: string }>;
  readonly #nobody: Buffer;
  readonly #saysVersion: boolean;

  constructor(map: BpfMap, layouts: BtfLayouts) {
    this.#map = map;
    this.#encodeKey = layouts.encoder('ss_executable');
    this.#decodeKey = layouts.decoder('ss_executable');
    this.#decodeValue = layouts.decoder('ss_splicer');
    this.#saysVersion = layouts.struct('ss_executable').fields.has('version');
    this.#nobody = Buffer.alloc(layouts.struct('ss_splicer').size);
  }

  read(): SplicingProcess[] {
    return this.#map.keys().flatMap((key) => {
      const value = this.#map.lookup(key);
      if (!value) return [];
      const { device, inode, version = 0n } = this.#decodeKey(key);
      return [{ device, inode, version, ...this.#decodeValue(value) }];
    });
  }

  add(executable: Executable): void {
    this.#map.update(this.#keyOf(executable), this.#nobody);
  }

  remove(executable: Executable): void {
    this.#map.delete(this.#keyOf(executable));
  }

  #keyOf({ device, inode, version }: Executable): Buffer {
    return this.#encodeKey(this.#saysVersion ? { device, inode, version } : { device, inode });
  }
}
