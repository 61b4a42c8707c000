import { describe, expect, test } from 'vitest';
import { parseOptions, UsageError } from '../src/options.ts';

const CELLS = ['one', 'other'];

test('without options everything is measured', () => {
  expect(parseOptions([], CELLS)).toEqual({
    cells: [],
    sizes: null,
    nagle: ['on', 'off'],
    connections: [1, 50],
    cpus: ['same', 'different'],
    variants: ['TCP', 'textbook', 'Sidestep', 'UNIX'],
    rounds: 5,
    seconds: 0.25,
    warmUp: 0.2,
    out: 'bench-results',
  });
});

test('options say what, how often, how long, and where to write it', () => {
  const what = ['--cell', 'one', '--cell=other', '--sizes', '64,4096', '--nodelay', '--connections', '7'];
  const how = ['--cpus', 'same', '--variants', 'tcp,Sidestep', '--rounds', '3', '--seconds', '0.5'];
  expect(parseOptions([...what, ...how, '--warm-up=1', '--out', 'x'], CELLS)).toEqual({
    cells: ['one', 'other'],
    sizes: [64, 4096],
    nagle: ['off'],
    connections: [7],
    cpus: ['same'],
    variants: ['TCP', 'Sidestep'],
    rounds: 3,
    seconds: 0.5,
    warmUp: 1,
    out: 'x',
  });
});

test('both of --nagle and --nodelay are as good as neither', () => {
  expect(parseOptions(['--nagle', '--nodelay'], CELLS)?.nagle).toEqual(['on', 'off']);
  expect(parseOptions(['--nagle'], CELLS)?.nagle).toEqual(['on']);
});

test('a quick run is short, unless the options say otherwise', () => {
  expect(parseOptions(['--quick'], CELLS)).toMatchObject({ rounds: 1, seconds: 0.1, sizes: [64, 16384] });
  expect(parseOptions(['--quick', '--rounds', '2', '--sizes', '1'], CELLS)).toMatchObject({
    rounds: 2,
    seconds: 0.1,
    sizes: [1],
  });
});

test('help is no measurement', () => {
  expect(parseOptions(['--help'], CELLS)).toBeNull();
});

describe('wrong usage names what would be right', () => {
  test.for([
    { args: ['--cell', 'none'], says: 'there are one, other' },
    { args: ['--variants', 'TCP,SCTP'], says: 'there are TCP, textbook, Sidestep, UNIX' },
    { args: ['--cpus', 'some'], says: 'there are same, different' },
    { args: ['--sizes', '64,many'], says: '--sizes takes a number above 0, not "many"' },
    { args: ['--rounds', '0'], says: '--rounds takes a number above 0' },
    { args: ['--rounds', '1.5'], says: '--rounds takes a number above 0' },
    { args: ['--seconds', 'long'], says: '--seconds takes a number above 0' },
    { args: ['--what'], says: '--what' },
  ])('$args', ({ args, says }) => {
    expect(() => parseOptions(args, CELLS)).toThrow(UsageError);
    expect(() => parseOptions(args, CELLS)).toThrow(says);
  });
});
