import type { FieldType, StructLayout } from './layout.ts';

/** Numbers and bigints for integers, booleans as 0 and 1, strings for `char[]`, bytes for `bytes`, arrays and objects for the rest. */
export type Encodable =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly Encodable[]
  | { readonly [name: string]: Encodable };

export type EncodableStruct = { readonly [name: string]: Encodable };

/**
 * Writes the struct at `offset` of `into` (default: a new buffer of zeros) and returns the buffer. Fields that are not named keep what
 * `into` holds. A name that the struct lacks or a value that does not fit is an error.
 */
export type Encoder = (values: EncodableStruct, into?: Buffer, offset?: number) => Buffer;

export function makeEncoder(layout: StructLayout): Encoder {
  return (values, into = Buffer.alloc(layout.size), offset = 0) => {
    if (offset < 0 || offset + layout.size > into.length) {
      throw new RangeError(
        `A ${layout.name} of ${layout.size} bytes does not fit at ${offset} of ${into.length} bytes.`,
      );
    }
    writeStruct(layout, values, into, offset);
    return into;
  };
}

function writeStruct(layout: StructLayout, values: EncodableStruct, into: Buffer, offset: number): void {
  for (const [name, value] of Object.entries(values)) {
    const field = layout.fields.get(name);
    if (field === undefined) throw new RangeError(`${layout.name} has no field ${name}.`);
    writeField(field, value, into, offset + field.offset, `${layout.name}.${name}`);
  }
}

function writeField(type: FieldType, value: Encodable, into: Buffer, at: number, where: string): void {
  const refuse = (wants: string) => new RangeError(`${where} takes ${wants}.`);
  switch (type.kind) {
    case 'unsigned':
    case 'signed':
      if (!isInteger(value)) throw refuse('an integer');
      writeInteger(type.kind === 'signed', type.size, BigInt(value), into, at, where);
      return;
    case 'char[]': {
      // The last byte stays zero, as C expects.
      if (typeof value !== 'string' || Buffer.byteLength(value) >= type.size) {
        throw refuse(`a string of at most ${type.size - 1} bytes`);
      }
      into.fill(0, at, at + type.size).write(value, at);
      return;
    }
    case 'bytes':
      if (!(value instanceof Uint8Array) || value.length !== type.size) throw refuse(`${type.size} bytes`);
      into.set(value, at);
      return;
    case 'struct':
      if (typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array)
        throw refuse('an object');
      writeStruct(type.struct, value as EncodableStruct, into, at);
      return;
    case 'array':
      if (!Array.isArray(value) || value.length !== type.length) throw refuse(`an array of ${type.length}`);
      for (const [index, item] of value.entries()) {
        writeField(type.element, item, into, at + index * type.element.size, `${where}[${index}]`);
      }
  }
}

function isInteger(value: Encodable): value is number | bigint | boolean {
  return typeof value === 'bigint' || typeof value === 'boolean' || Number.isInteger(value);
}

function writeInteger(
  signed: boolean,
  size: number,
  value: bigint,
  into: Buffer,
  at: number,
  where: string,
): void {
  const bits = size * 8;
  const wrapped = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped !== value) throw new RangeError(`${where} cannot hold ${value} in ${bits} bits.`);
  for (let byte = 0; byte < size; byte++) into[at + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
}
