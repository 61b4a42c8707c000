import { type BtfType, Kind, parseBtf } from './btf.ts';
import { type Decoder, makeDecoder } from './decoder.ts';
import { type Encoder, makeEncoder } from './encoder.ts';
import { BpfError, takeLog } from './error.ts';
import type { Field, FieldType, StructLayout } from './layout.ts';
import type { BpfMap } from './map.ts';
import { copyOut, lastErrno, native, type Pointer } from './native.ts';

function takeOver(btf: Pointer | null, what: string): BtfLayouts {
  if (btf === null) throw new BpfError(what, lastErrno(), takeLog());
  try {
    return BtfLayouts.fromBtf(btf);
  } finally {
    native.btf__free(btf);
  }
}

const NAMELESS_KINDS: ReadonlySet<number> = new Set([
  Kind.TYPEDEF,
  Kind.VOLATILE,
  Kind.CONST,
  Kind.RESTRICT,
  Kind.TYPE_TAG,
]);

/** The memory layouts of the types that a compiled BPF object uses, as its compiler wrote them down. */
export class BtfLayouts {
  readonly #types: readonly BtfType[];
  readonly #structs = new Map<number, StructLayout>();

  private constructor(types: readonly BtfType[]) {
    this.#types = types;
  }

  /** Of a file compiled with `-g`. Sections of global variables have their offsets only in `BpfObject.layouts()`. */
  static fromObject(path: string): BtfLayouts {
    takeLog();
    return takeOver(native.btf__parse(path, null), `read BTF from ${path}`);
  }

  /** Of the object that a map in the kernel came from, however old that is; for maps whose keys and values have types. */
  static fromMap(map: BpfMap): BtfLayouts {
    takeLog();
    const { btfId, name } = map.info();
    return takeOver(native.btf__load_from_kernel_by_id(btfId), `read the BTF of the map ${name}`);
  }

  /** @internal */
  static fromBtf(btf: Pointer): BtfLayouts {
    const size = new Uint32Array(1);
    const raw = native.btf__raw_data(btf, size);
    if (raw === null) throw new BpfError('read BTF', lastErrno(), takeLog());
    return new BtfLayouts(parseBtf(copyOut(raw, size[0] ?? 0)));
  }

  /** Throws when no program or map of the object uses a struct (or union, or typedef of one) of that name. */
  struct(name: string): StructLayout {
    return this.#struct(this.#find(name, [Kind.STRUCT, Kind.UNION], 'struct'));
  }

  /** Enumerators and their values. */
  enum(name: string): ReadonlyMap<string, number> {
    const { type } = this.#find(name, [Kind.ENUM, Kind.ENUM64], 'enum');
    return new Map(type.values.map(({ name, value }) => [name, value]));
  }

  /** The global variables of `.rodata`, `.data` or `.bss`, laid out like the fields of a struct. */
  section(name: string): StructLayout {
    const { type } = this.#find(name, [Kind.DATASEC], 'section');
    const fields = new Map<string, Field>();
    for (const { type: variable, offset } of type.members) {
      const { name, sizeOrType } = this.#type(variable);
      fields.set(name, { offset, ...this.#fieldType(sizeOrType, name) });
    }
    return { name, size: type.sizeOrType, fields };
  }

  /** `T` is what the caller knows the struct to decode to: see `Decoder`. */
  decoder<T = Record<string, unknown>>(structName: string): Decoder<T> {
    return makeDecoder<T>(this.struct(structName));
  }

  encoder(structName: string): Encoder {
    return makeEncoder(this.struct(structName));
  }

  #type(id: number): BtfType {
    const type = this.#types[id];
    if (type === undefined) throw new RangeError(`There is no BTF type ${id}.`);
    return type;
  }

  #find(
    name: string,
    kinds: readonly number[],
    what: string,
  ): { readonly id: number; readonly type: BtfType } {
    for (const [id, candidate] of this.#types.entries()) {
      if (candidate.name !== name) continue;
      const resolved = candidate.kind === Kind.TYPEDEF ? this.#resolve(id) : id;
      const type = this.#type(resolved);
      if (kinds.includes(type.kind)) return { id: resolved, type };
    }
    throw new RangeError(`The object's BTF has no ${what} ${name}: nothing in its maps or programs uses it.`);
  }

  #resolve(id: number): number {
    let at = id;
    while (NAMELESS_KINDS.has(this.#type(at).kind)) at = this.#type(at).sizeOrType;
    return at;
  }

  #struct({ id, type }: { readonly id: number; readonly type: BtfType }): StructLayout {
    const known = this.#structs.get(id);
    if (known !== undefined) return known;
    const fields = new Map<string, Field>();
    for (const member of type.members) {
      if (type.flag && member.offset >>> 24 !== 0) {
        throw new RangeError(`${type.name}.${member.name} is a bit-field, which has no layout in bytes.`);
      }
      const offset = (type.flag ? member.offset & 0xffffff : member.offset) / 8;
      const field = this.#fieldType(member.type, `${type.name}.${member.name}`);
      if (member.name !== '') {
        fields.set(member.name, { offset, ...field });
      } else if (field.kind === 'struct') {
        for (const [name, inner] of field.struct.fields)
          fields.set(name, { ...inner, offset: offset + inner.offset });
      }
    }
    const layout: StructLayout = { name: type.name, size: type.sizeOrType, fields };
    this.#structs.set(id, layout);
    return layout;
  }

  #fieldType(id: number, where: string): FieldType {
    const resolved = this.#resolve(id);
    const type = this.#type(resolved);
    switch (type.kind) {
      case Kind.INT:
      case Kind.ENUM:
      case Kind.ENUM64:
        return { kind: type.signed ? 'signed' : 'unsigned', size: type.sizeOrType };
      case Kind.PTR:
        return { kind: 'unsigned', size: 8 };
      case Kind.STRUCT:
      case Kind.UNION:
        return { kind: 'struct', size: type.sizeOrType, struct: this.#struct({ id: resolved, type }) };
      case Kind.ARRAY:
        if (type.array !== null) return this.#arrayType(type.array, where);
    }
    throw new RangeError(`${where} has a type that is not data (BTF kind ${type.kind}).`);
  }

  #arrayType(array: NonNullable<BtfType['array']>, where: string): FieldType {
    const { length } = array;
    const element = this.#fieldType(array.type, where);
    if (element.size === 1 && (element.kind === 'unsigned' || element.kind === 'signed')) {
      const isText = this.#type(this.#resolve(array.type)).name === 'char';
      return { kind: isText ? 'char[]' : 'bytes', size: length };
    }
    return { kind: 'array', size: element.size * length, element, length };
  }
}
