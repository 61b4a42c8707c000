import type { HasFd } from './descriptor.ts';
import { BpfError, check, takeLog } from './error.ts';
import { BtfLayouts } from './layouts.ts';
import { BpfMap } from './map.ts';
import { copyOut, lastErrno, native, type Pointer } from './native.ts';
import { BpfProgram } from './program.ts';

const ENOENT = 2;
const EBADF = 9;

/** A compiled BPF object file: opened, perhaps changed, then loaded. Closing it closes its maps and programs, not what is pinned or attached. */
export class BpfObject implements Disposable {
  readonly path: string;
  #object: Pointer | null;

  private constructor(path: string, object: Pointer) {
    this.path = path;
    this.#object = object;
  }

  static open(path: string): BpfObject {
    takeLog();
    const object = native.bpf_object__open_file(path, null);
    if (object === null) throw new BpfError(`open ${path}`, lastErrno(), takeLog());
    return new BpfObject(path, object);
  }

  maps(): ObjectMap[] {
    const maps: ObjectMap[] = [];
    let map = native.bpf_object__next_map(this.#open(), null);
    while (map !== null) {
      maps.push(new ObjectMap(this, map));
      map = native.bpf_object__next_map(this.#open(), map);
    }
    return maps;
  }

  /** By its name in the source; `.rodata`, `.data` and `.bss` name the sections of global variables. */
  map(name: string): ObjectMap {
    const map = native.bpf_object__find_map_by_name(this.#open(), name);
    if (map === null) throw new BpfError(`find the map ${name} in ${this.path}`, ENOENT, takeLog());
    return new ObjectMap(this, map);
  }

  /** By the name of its function. */
  program(name: string): BpfProgram {
    const program = this.#find(name);
    const attachType = native.bpf_program__expected_attach_type(program);
    const fd = this.fdOf(`the program ${name}`, () => native.bpf_program__fd(program));
    return new BpfProgram(fd, `the program ${name}`, attachType);
  }

  /** Has `load` pass over a program, by the name of its function. */
  leaveOut(name: string): void {
    const error = native.bpf_program__set_autoload(this.#find(name), false);
    check(`leave the program ${name} out`, error);
  }

  /** Of this object's own types and sections of global variables. */
  layouts(): BtfLayouts {
    const btf = native.bpf_object__btf(this.#open());
    if (btf === null) throw new BpfError(`find BTF in ${this.path}; compile it with -g`, ENOENT, takeLog());
    return BtfLayouts.fromBtf(btf);
  }

  /** Creates the maps and has the programs verified. `BpfError.log` holds the verifier's words. */
  load(): void {
    takeLog();
    check(`load ${this.path}`, native.bpf_object__load(this.#open()));
    takeLog();
  }

  close(): void {
    if (this.#object === null) return;
    native.bpf_object__close(this.#object);
    this.#object = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal A descriptor that the object owns: it is there between `load` and `close`. */
  fdOf(what: string, read: () => number): HasFd {
    const object = this;
    return {
      get fd() {
        object.#open();
        const fd = read();
        if (fd < 0) throw new BpfError(`use ${what} before ${object.path} is loaded`, EBADF, '');
        return fd;
      },
    };
  }

  /** @internal Throws once the object is closed: libbpf's pointers are gone then. */
  assertOpen(): void {
    this.#open();
  }

  #find(name: string): Pointer {
    const program = native.bpf_object__find_program_by_name(this.#open(), name);
    if (program === null) throw new BpfError(`find the program ${name} in ${this.path}`, ENOENT, takeLog());
    return program;
  }

  #open(): Pointer {
    if (this.#object === null) throw new BpfError(`use ${this.path}, which is closed`, EBADF, '');
    return this.#object;
  }
}

/** A map of an object file. The first four can be used only before `load`, everything else only after. */
export class ObjectMap extends BpfMap {
  readonly name: string;
  readonly #object: BpfObject;
  readonly #map: Pointer;

  /** @internal */
  constructor(object: BpfObject, map: Pointer) {
    const name = native.bpf_map__name(map);
    const what = `the map ${name}`;
    super(
      object.fdOf(what, () => native.bpf_map__fd(map)),
      what,
    );
    this.name = name;
    this.#object = object;
    this.#map = map;
  }

  /** Uses a map that is in the kernel instead of creating one. Its keys and values must be what this object takes them for. */
  reuse(map: BpfMap): void {
    this.#object.assertOpen();
    check(`reuse the map ${this.name}`, native.bpf_map__reuse_fd(this.#map, map.fd));
  }

  setMaxEntries(entries: number): void {
    this.#object.assertOpen();
    check(`size the map ${this.name}`, native.bpf_map__set_max_entries(this.#map, entries));
  }

  /** What a section of global variables (`.rodata`, `.data`, `.bss`) will hold at first. */
  initialValue(): Buffer {
    this.#object.assertOpen();
    const size = new BigUint64Array(1);
    const data = native.bpf_map__initial_value(this.#map, size);
    if (data === null)
      throw new BpfError(`read the initial value of the map ${this.name}`, ENOENT, takeLog());
    return copyOut(data, Number(size[0]));
  }

  setInitialValue(value: Uint8Array): void {
    this.#object.assertOpen();
    check(
      `set the initial value of the map ${this.name}`,
      native.bpf_map__set_initial_value(this.#map, value, value.length),
    );
  }
}
