import { describe, expect, test } from 'vitest';
import { parseOptions, UsageError } from './options.ts';
import { replay } from './report.ts';

describe('the options of the torture run', () => {
  test.each([
    ['90s', 90],
    ['2m', 120],
    ['1h', 3600],
  ])('%s', (text, seconds) => {
    expect(parseOptions(['--for', text, '--seed', '7'])).toEqual({
      seconds,
      seed: 7,
      plain: false,
      brief: false,
      threads: 6,
    });
  });

  test('draws a seed, and the replay names it', () => {
    const options = parseOptions(['--plain']);
    expect(options.seconds).toBe(120);
    expect(replay(options)).toBe(`sudo ./sidestep test --torture 120s --seed ${options.seed} --plain`);
    expect(parseOptions(['--seed', String(options.seed)]).seed).toBe(options.seed);
  });

  test.each([
    ['--for', '2'],
    ['--for', '0s'],
    ['--for', 'm'],
    ['--seed', 'x'],
    ['--seed', '1000000000'],
    ['--threads', '0'],
    ['--threads', '65'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
  });
});
