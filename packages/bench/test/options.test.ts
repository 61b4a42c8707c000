import { describe, expect, test } from 'vitest';
import { parseOptions, UsageError } from '../src/options.ts';

const CELLS = ['one', 'other'];

test('without options everything is measured nine times', () => {
  expect(parseOptions([], CELLS)).toEqual({ cells: [], rounds: 9, seconds: 2, json: null });
});

test('options say what, how often, how long, and where to write it', () => {
  const args = ['--cell', 'one', '--cell=other', '--rounds', '3', '--seconds', '0.5', '--json', 'x.json'];
  expect(parseOptions(args, CELLS)).toEqual({
    cells: ['one', 'other'],
    rounds: 3,
    seconds: 0.5,
    json: 'x.json',
  });
});

test('help is no measurement', () => {
  expect(parseOptions(['--help'], CELLS)).toBeNull();
});

describe('wrong usage names what would be right', () => {
  test.for([
    { args: ['--cell', 'none'], says: 'there are one, other' },
    { args: ['--rounds', '0'], says: '--rounds takes a number above 0' },
    { args: ['--rounds', '1.5'], says: '--rounds takes a number above 0' },
    { args: ['--seconds', 'long'], says: '--seconds takes a number above 0' },
    { args: ['--what'], says: '--what' },
  ])('$args', ({ args, says }) => {
    expect(() => parseOptions(args, CELLS)).toThrow(UsageError);
    expect(() => parseOptions(args, CELLS)).toThrow(says);
  });
});
