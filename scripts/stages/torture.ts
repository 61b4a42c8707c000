import { join } from 'node:path';
import { root } from './command.ts';
import { oneTest } from './one-test.ts';
import type { Outcome } from './outcome.ts';

const MAIN = join(root, 'apps/server/test/torture/main.ts');
const USUAL_TIME = '2m';

/** One test, however long it takes: a byte that is wrong, lost, doubled or late fails it. */
export async function torture(options: {
  readonly torture?: string | undefined;
  readonly seed?: string | undefined;
  readonly plain?: boolean | undefined;
}): Promise<Outcome> {
  const args = ['--for', options.torture ?? USUAL_TIME];
  if (options.seed !== undefined) args.push('--seed', options.seed);
  if (options.plain) args.push('--plain');
  return await oneTest(MAIN, args);
}
