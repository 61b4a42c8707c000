import { relative } from 'node:path';
import { collect, root } from './command.ts';
import { LINES_OF_A_MESSAGE, type Outcome, outcomeOf } from './outcome.ts';

/** A program that is one test: passed when it ends with 0. */
export async function oneTest(program: string, args: readonly string[]): Promise<Outcome> {
  const { exitCode, output } = await collect(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, ...args],
    root,
    (text) => process.stdout.write(text),
  );
  // Whatever is wrong is what such a program says last.
  const message = output.trimEnd().split('\n').slice(-LINES_OF_A_MESSAGE).join('\n');
  return outcomeOf({
    passed: exitCode === 0 ? 1 : 0,
    failed: exitCode === 0 ? 0 : 1,
    skipped: 0,
    exitCode,
    failures: exitCode === 0 ? [] : [{ test: relative(root, program), message }],
  });
}
