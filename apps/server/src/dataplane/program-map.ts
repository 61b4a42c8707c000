import type { BpfMap, BtfLayouts, Decoder, Encoder } from '@sidestep/libbpf';
import type { Executable, Finding, UnexaminedProgram } from './dataplane.ts';

const KEY = Buffer.alloc(4);
/** What is no answer for good takes the place of no other answer. */
const ONLY_OVER: Partial<Record<Finding, Finding>> = { unreadable: 'unexamined', unexamined: 'unreadable' };

/** The kernel's map of executables whose connections want to join: `struct ss_executable` to `struct ss_program`. */
export class ProgramMap {
  readonly #map: BpfMap;
  readonly #census: BpfMap;
  readonly #encodeKey: Encoder;
  readonly #decodeKey: Decoder<Executable>;
  readonly #encodeValue: Encoder;
  readonly #decodeValue: Decoder<{ readonly pid: number; readonly examined: number }>;
  readonly #decodeCensus: Decoder<{ readonly unexamined: bigint }>;
  readonly #unexamined: number;
  /** Programs of an earlier version have no number for what is unreadable. */
  readonly #numbers: Readonly<Record<Finding, number | undefined>>;
  /** How often the programs had asked when the map was last read. */
  #answeredTo = -1n;

  constructor(map: BpfMap, census: BpfMap, layouts: BtfLayouts) {
    this.#map = map;
    this.#census = census;
    this.#encodeKey = layouts.encoder('ss_executable');
    this.#decodeKey = layouts.decoder('ss_executable');
    this.#encodeValue = layouts.encoder('ss_program');
    this.#decodeValue = layouts.decoder('ss_program');
    this.#decodeCensus = layouts.decoder('ss_census');
    const numbers = layouts.enum('ss_examined');
    const numberOf = (name: string) => numbers.get(name);
    this.#unexamined = numberOf('SS_UNEXAMINED') as number;
    this.#numbers = {
      harmless: numberOf('SS_EXAMINED'),
      'could splice': numberOf('SS_COULD_SPLICE'),
      'out of reach': numberOf('SS_OUT_OF_REACH'),
      unreadable: numberOf('SS_UNREADABLE'),
      unexamined: this.#unexamined,
    };
  }

  read(): UnexaminedProgram[] {
    const { unexamined } = this.#decodeCensus(this.#census.lookup(KEY) as Buffer);
    if (unexamined === this.#answeredTo) return [];
    // What an earlier daemon could not read this one may.
    const due = this.#answeredTo < 0n ? [this.#unexamined, this.#numbers.unreadable] : [this.#unexamined];
    const found = this.#map.keys().flatMap((key) => {
      const value = this.#map.lookup(key);
      if (!value) return [];
      const { pid, examined } = this.#decodeValue(value);
      return due.includes(examined) ? [{ ...this.#decodeKey(key), pid }] : [];
    });
    this.#answeredTo = unexamined;
    return found;
  }

  set({ device, inode, version, pid }: UnexaminedProgram, finding: Finding): void {
    const examined = this.#numbers[finding];
    if (examined === undefined) return;
    const key = this.#encodeKey({ device, inode, version });
    const only = ONLY_OVER[finding];
    const now = only && this.#map.lookup(key);
    // Somebody has released it meanwhile, or the kernel has forgotten it.
    if (only && !(now && this.#decodeValue(now).examined === this.#numbers[only])) return;
    this.#map.update(key, this.#encodeValue({ pid, examined }));
  }
}
