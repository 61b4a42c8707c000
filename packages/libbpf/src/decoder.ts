import type { FieldType, StructLayout } from './layout.ts';

/**
 * Reads the struct that starts at `offset` (default 0). Integers become numbers, those of 8 bytes bigints; `char[]` a
 * string up to the first zero; `bytes` a view into `buffer`, not a copy; structs and arrays objects and arrays.
 */
export type Decoder<T> = (buffer: Buffer, offset?: number) => T;

/**
 * Written as source once for each struct: connection tables are decoded several times a second, and this is several times as fast as
 * walking the layout for every field. Names come from a C compiler, so they are identifiers.
 */
export function makeDecoder<T>(layout: StructLayout): Decoder<T> {
  const source = `
    let last = null, view = null;
    return (buffer, at = 0) => {
      if (buffer !== last) {
        view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
        last = buffer;
      }
      if (at < 0 || at + ${layout.size} > buffer.length) {
        throw new RangeError('A ${layout.name} of ${layout.size} bytes does not fit at ' + at + ' of ' + buffer.length + ' bytes.');
      }
      return ${structSource(layout, 0)};
    };`;
  return new Function('text', source)(text) as Decoder<T>;
}

function structSource(layout: StructLayout, base: number): string {
  const fields = Array.from(
    layout.fields,
    ([name, field]) => `${name}: ${fieldSource(field, base + field.offset)}`,
  );
  return `{ ${fields.join(', ')} }`;
}

function fieldSource(type: FieldType, offset: number): string {
  const from = `at + ${offset}`;
  switch (type.kind) {
    case 'unsigned':
    case 'signed':
      return integerSource(type.kind === 'signed', type.size, from);
    case 'char[]':
      return `text(buffer, ${from}, ${type.size})`;
    case 'bytes':
      return `buffer.subarray(${from}, ${from} + ${type.size})`;
    case 'struct':
      return structSource(type.struct, offset);
    case 'array': {
      const element = (index: number) => fieldSource(type.element, offset + index * type.element.size);
      return `[${Array.from({ length: type.length }, (_, index) => element(index)).join(', ')}]`;
    }
  }
}

function integerSource(signed: boolean, size: number, from: string): string {
  if (size === 1) return `view.get${signed ? 'Int' : 'Uint'}8(${from})`;
  if (size === 8) return `view.getBig${signed ? 'Int' : 'Uint'}64(${from}, true)`;
  if (size === 2 || size === 4) return `view.get${signed ? 'Int' : 'Uint'}${size * 8}(${from}, true)`;
  throw new RangeError(`Integers of ${size} bytes cannot be decoded.`);
}

function text(buffer: Buffer, start: number, size: number): string {
  let end = start;
  while (end < start + size && buffer[end] !== 0) end++;
  return buffer.toString('utf8', start, end);
}
