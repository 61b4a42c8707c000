import { expect, test } from 'vitest';
import { listOf, tableOf } from '../src/table.ts';

test('columns are as wide as their widest cell', () => {
  expect(
    tableOf(
      ['A', 'NUMBER', 'Z'],
      [
        ['long cell', '1', 'x'],
        ['b', '1234567', ''],
      ],
      ['NUMBER'],
    ),
  ).toEqual(['A           NUMBER  Z', 'long cell        1  x', 'b          1234567']);
});

test('values stand below each other', () => {
  expect(
    listOf([
      ['State', 'on'],
      ['', 'for an hour'],
    ]),
  ).toEqual(['State  on', '       for an hour']);
});
