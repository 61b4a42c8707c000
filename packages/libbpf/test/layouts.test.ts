import { beforeAll, describe, expect, test } from 'vitest';
import { BtfLayouts, type FieldType, type StructLayout } from '../src/index.ts';
import { compile, runC } from './kernel.ts';

let layouts: BtfLayouts;
beforeAll(() => {
  layouts = BtfLayouts.fromObject(compile('maps'));
});

const values = {
  byte: 200,
  small: -2,
  word: 4_000_000_000,
  negative: -3,
  big: 2n ** 64n - 1n,
  text: 'twelve chars',
  address: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  numbers: [1, 2, 4_294_967_295],
  one: { x: 65_535, y: -(2n ** 63n) },
  many: [
    { x: 1, y: 2n },
    { x: 3, y: 4n },
  ],
  colour: -3,
  inner: { first: 9, word: 0x00020001 },
  last: 5n,
};

describe('a struct', () => {
  test('has the offsets and sizes that a C compiler gives it', () => {
    const fields = [...layouts.struct('everything').fields.keys()];
    const lines = fields.map(
      (f) => `P("${f}", offsetof(struct everything, ${f}), sizeof(((struct everything *)0)->${f}));`,
    );
    const printed = runC(`
      #include <stdio.h>
      #include <stddef.h>
      #include "layout.h"
      #define P(name, offset, size) printf("%s %zu %zu\\n", name, (size_t)(offset), (size_t)(size))
      int main(void) {
        ${lines.join('\n')}
        P("point.x", offsetof(struct point, x), 2);
        P("point.y", offsetof(struct point, y), 8);
        P("named.word", offsetof(named, word), 4);
        P("named.halves", offsetof(named, halves), 4);
        P("all", 0, sizeof(struct everything));
        return 0;
      }`);
    const described = [
      ...describeFields(layouts.struct('everything'), ''),
      ...describeFields(layouts.struct('point'), 'point.'),
      ...describeFields(layouts.struct('named'), 'named.').slice(1),
      `all 0 ${layouts.struct('everything').size}`,
    ];
    expect(printed.trim().split('\n')).toEqual(described);
    expect(fields).toEqual(Object.keys(values));
  });

  test('tells the kind of each field', () => {
    const kinds = Array.from(layouts.struct('everything').fields, ([name, field]) => [name, kindOf(field)]);
    expect(Object.fromEntries(kinds)).toEqual({
      byte: 'unsigned',
      small: 'signed',
      word: 'unsigned',
      negative: 'signed',
      big: 'unsigned',
      text: 'char[]',
      address: 'bytes',
      numbers: '3 × unsigned',
      one: 'struct point',
      many: '2 × struct point',
      colour: 'signed',
      inner: 'struct ',
      last: 'unsigned',
    });
  });

  test('that nothing uses is not known', () => {
    expect(() => layouts.struct('absent')).toThrow('has no struct absent');
    expect(() => layouts.struct('colour')).toThrow('has no struct colour');
  });
});

test('an enum has its names and values', () => {
  expect(layouts.enum('colour')).toEqual(
    new Map([
      ['RED', 1],
      ['GREEN', 2],
      ['BLUE', -3],
    ]),
  );
});

describe('decoding', () => {
  test('gives back what was encoded, anywhere in a buffer', () => {
    const size = layouts.struct('everything').size;
    const decode = layouts.decoder('everything');
    const encode = layouts.encoder('everything');
    const expected = { ...values, inner: { ...values.inner, halves: [1, 2] } };
    expect(decode(encode(values))).toEqual(expected);
    const buffer = Buffer.alloc(3 * size + 5);
    encode(values, buffer, size + 5);
    expect(decode(buffer, size + 5)).toEqual(expected);
    expect(decode(buffer, size + 5)).toEqual(decode(buffer.subarray(size + 5)));
    expect(decode(buffer, 2 * size + 5)).toMatchObject({ byte: 0, text: '', big: 0n });
  });

  test('reads what a C program writes', () => {
    const hex = runC(`
      #include <stdio.h>
      #include "layout.h"
      int main(void) {
        struct everything e = { .byte = 200, .small = -2, .word = 4000000000u, .negative = -3, .big = -1ull,
          .text = "twelve chars", .numbers = { 1, 2, 4294967295u }, .colour = BLUE, .last = 5,
          .many = { { 1, 2 }, { 3, 4 } } };
        for (size_t n = 0; n < sizeof(e); n++) printf("%02x", ((unsigned char *)&e)[n]);
        return 0;
      }`);
    const { inner, address, one, ...rest } = values;
    expect(layouts.decoder('everything')(Buffer.from(hex, 'hex'))).toMatchObject(rest);
  });

  test('of text stops at its end even when no zero is left', () => {
    const buffer = layouts.encoder('everything')({ address: Buffer.alloc(16, 65) });
    const offset = layouts.struct('everything').fields.get('text')?.offset ?? 0;
    buffer.fill('x', offset, offset + 13);
    expect(layouts.decoder('everything')(buffer)).toMatchObject({ text: 'x'.repeat(13) });
  });

  test('outside a buffer is refused', () => {
    const { size } = layouts.struct('everything');
    expect(() => layouts.decoder('everything')(Buffer.alloc(size), 1)).toThrow(RangeError);
    expect(() => layouts.decoder('everything')(Buffer.alloc(size), -1)).toThrow(RangeError);
  });
});

describe('encoding', () => {
  test('leaves alone what is not named', () => {
    const encode = layouts.encoder('everything');
    const buffer = encode(values);
    encode({ one: { x: 7 } }, buffer);
    expect(layouts.decoder('everything')(buffer)).toMatchObject({
      ...values,
      one: { x: 7, y: values.one.y },
      inner: {},
    });
  });

  test.each([
    ['a field that there is not', { nothing: 1 }, 'everything has no field nothing.'],
    ['a number that is too large', { byte: 256 }, 'everything.byte cannot hold 256 in 8 bits.'],
    ['a negative number for an unsigned field', { word: -1 }, 'everything.word cannot hold -1 in 32 bits.'],
    ['a fraction', { word: 0.5 }, 'everything.word takes an integer.'],
    [
      'text that is too long',
      { text: 'thirteen char' },
      'everything.text takes a string of at most 12 bytes.',
    ],
    ['too few bytes', { address: Buffer.alloc(4) }, 'everything.address takes 16 bytes.'],
    ['too few elements', { numbers: [1] }, 'everything.numbers takes an array of 3.'],
    ['a wrong element', { many: [{ x: 1 }, { x: 70_000 }] }, 'point.x cannot hold 70000 in 16 bits.'],
  ])('refuses %s', (_, input, message) => {
    expect(() => layouts.encoder('everything')(input)).toThrow(message);
  });
});

test('a file without BTF is refused with the reason', () => {
  expect(() => BtfLayouts.fromObject('/bin/true')).toThrow('Could not read BTF from /bin/true');
});

function describeFields(layout: StructLayout, prefix: string): string[] {
  return Array.from(layout.fields, ([name, { offset, size }]) => `${prefix}${name} ${offset} ${size}`);
}

function kindOf(type: FieldType): string {
  if (type.kind === 'array') return `${type.length} × ${kindOf(type.element)}`;
  return type.kind === 'struct' ? `struct ${type.struct.name}` : type.kind;
}
