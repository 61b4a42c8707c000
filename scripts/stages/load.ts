import { join } from 'node:path';
import { root } from './command.ts';
import { oneTest } from './one-test.ts';
import type { Outcome } from './outcome.ts';

const MAIN = join(root, 'apps/server/test/load/main.ts');

/** The load run, or a soak: an event that is lost uncounted, memory that is not given back, or growth fails it. */
export async function load(options: {
  readonly out?: string | undefined;
  readonly soak?: string | undefined;
}): Promise<Outcome> {
  const args = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return await oneTest(MAIN, args);
}
