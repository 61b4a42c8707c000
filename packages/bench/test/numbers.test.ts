import { expect, test } from 'vitest';
import { number, tick } from '../src/numbers.ts';
import { sizeWords } from '../src/sizes.ts';

test('figures have three or more digits that count, thousands apart', () => {
  expect([0.0123, 1.234, 12.34, 123.4, 1234567].map(number)).toEqual([
    '0.012',
    '1.23',
    '12.3',
    '123',
    '1 234 567',
  ]);
});

test('ticks are as short as they can be', () => {
  expect([0.001, 0.5, 20, 50_000].map(tick)).toEqual(['0.001', '0.5', '20', '50 000']);
});

test('sizes are told in the largest unit that leaves a whole number', () => {
  expect([1, 1448, 4096, 16 << 20].map(sizeWords)).toEqual(['1 B', '1448 B', '4 KiB', '16 MiB']);
});
