import { expect, test } from 'vitest';
import { CELLS } from '../src/cells.ts';
import { type Options, parseOptions } from '../src/options.ts';
import { TARGETS } from '../src/targets.ts';

const NAMES = CELLS.map(({ name }) => name);
const optionsOf = (...args: string[]) => parseOptions(args, NAMES) as Options;

/** Seconds that each cell is planned to take; cells of which nothing was chosen are left out. */
function planned(...args: string[]): Record<string, number> {
  return Object.fromEntries(
    CELLS.flatMap((cell) => {
      const plan = cell.plan(optionsOf(...args));
      return plan ? [[cell.name, plan.seconds]] : [];
    }),
  );
}

const total = (...args: string[]) =>
  Object.values(planned(...args)).reduce((sum, seconds) => sum + seconds, 0);

test('a complete run takes about forty minutes, a quick one some minutes', () => {
  expect(Object.keys(planned())).toEqual(NAMES);
  expect(total() / 60).toBeGreaterThan(10);
  expect(total() / 60).toBeLessThan(45);
  expect(total('--quick') / 60).toBeLessThan(4);
});

test('what is chosen shortens the matrix', () => {
  const { streams: all = 0 } = planned('--variants', 'TCP,Sidestep', '--cpus', 'same');
  const { streams: third = 0 } = planned('--variants', 'TCP,Sidestep', '--cpus', 'same', '--sizes', '1,2,3');
  const { streams: half = 0 } = planned('--variants', 'TCP,Sidestep', '--cpus', 'same', '--nagle');
  expect(third / all).toBeCloseTo(1 / 3);
  expect(half / all).toBeCloseTo(1 / 2);
});

test('what has no UNIX socket is left out where nothing else was chosen', () => {
  expect(Object.keys(planned('--variants', 'UNIX'))).toEqual(['request-response', 'streams']);
});

test('every target is about cells that there are', () => {
  for (const { cells } of TARGETS) expect(NAMES).toEqual(expect.arrayContaining([...cells]));
});
