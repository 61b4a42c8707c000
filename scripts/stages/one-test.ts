import { root, show } from './command.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

/** A program that is one test: passed when it ends with 0. */
export async function oneTest(program: string, args: readonly string[]): Promise<Outcome> {
  const exitCode = await show(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, ...args],
    root,
  );
  return outcomeOf({
    passed: exitCode === 0 ? 1 : 0,
    failed: exitCode === 0 ? 0 : 1,
    skipped: 0,
    exitCode,
  });
}
