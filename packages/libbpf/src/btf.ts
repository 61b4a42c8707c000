/** Kinds of BTF type (linux/btf.h) that a data layout can meet, and functions. */
export const Kind = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

const INT_SIGNED = 1;

/** One type. `size` or `type` is the one word whose meaning depends on the kind. */
export interface BtfType {
  readonly kind: number;
  readonly name: string;
  readonly sizeOrType: number;
  /** Of a struct: bit-fields have a size in their offset. */
  readonly flag: boolean;
  readonly signed: boolean;
  readonly array: { readonly type: number; readonly length: number } | null;
  /** Of a struct or union (offset in bits), or of a section (offset in bytes). */
  readonly members: readonly { readonly name: string; readonly type: number; readonly offset: number }[];
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

/** Parses raw BTF into its types; the index is the type's id, and 0 is void. */
export function parseBtf(btf: Buffer): BtfType[] {
  const header = btf.readUInt32LE(4);
  const typesAt = header + btf.readUInt32LE(8);
  const typesEnd = typesAt + btf.readUInt32LE(12);
  const stringsAt = header + btf.readUInt32LE(16);
  const text = (offset: number) => {
    const start = stringsAt + offset;
    return btf.toString('latin1', start, btf.indexOf(0, start));
  };

  const types: BtfType[] = [
    {
      kind: 0,
      name: 'void',
      sizeOrType: 0,
      flag: false,
      signed: false,
      array: null,
      members: [],
      values: [],
    },
  ];
  for (let at = typesAt; at < typesEnd; ) {
    const info = btf.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x1f;
    const length = info & 0xffff;
    const flag = info >>> 31 === 1;
    const name = text(btf.readUInt32LE(at));
    const sizeOrType = btf.readUInt32LE(at + 8);
    const detail = at + 12;
    const each = <T>(size: number, read: (offset: number) => T) =>
      Array.from({ length }, (_, index) => read(detail + index * size));

    let signed = false;
    let array: BtfType['array'] = null;
    let members: BtfType['members'] = [];
    let values: BtfType['values'] = [];
    let extra = 0;
    switch (kind) {
      case Kind.INT:
        signed = ((btf.readUInt32LE(detail) >>> 24) & INT_SIGNED) !== 0;
        extra = 4;
        break;
      case Kind.ARRAY:
        array = { type: btf.readUInt32LE(detail), length: btf.readUInt32LE(detail + 8) };
        extra = 12;
        break;
      case Kind.STRUCT:
      case Kind.UNION:
        members = each(12, (offset) => ({
          name: text(btf.readUInt32LE(offset)),
          type: btf.readUInt32LE(offset + 4),
          offset: btf.readUInt32LE(offset + 8),
        }));
        extra = 12 * length;
        break;
      case Kind.DATASEC:
        members = each(12, (offset) => ({
          name: '',
          type: btf.readUInt32LE(offset),
          offset: btf.readUInt32LE(offset + 4),
        }));
        extra = 12 * length;
        break;
      case Kind.ENUM:
        // Compilers older than clang 15 do not say that an enum is signed; negative values are likelier than ones above 2 ** 31.
        values = each(8, (offset) => ({
          name: text(btf.readUInt32LE(offset)),
          value: btf.readInt32LE(offset + 4),
        }));
        signed = flag || values.some(({ value }) => value < 0);
        extra = 8 * length;
        break;
      case Kind.ENUM64:
        signed = flag;
        values = each(12, (offset) => ({
          name: text(btf.readUInt32LE(offset)),
          value: Number(flag ? btf.readBigInt64LE(offset + 4) : btf.readBigUInt64LE(offset + 4)),
        }));
        extra = 12 * length;
        break;
      case Kind.FUNC_PROTO:
        extra = 8 * length;
        break;
      case Kind.VAR:
      case Kind.DECL_TAG:
        extra = 4;
        break;
    }
    types.push({ kind, name, sizeOrType, flag, signed, array, members, values });
    at = detail + extra;
  }
  return types;
}
