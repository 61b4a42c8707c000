import type { CheckResult } from '../results.ts';
import { runScript } from './program.ts';
import { remembering } from './remembered.ts';

/** Fewer connections at once than on a host, or each of them would get too little of the processors to come to the bypass. */
const OPTIONS = ['--for', '2m', '--brief', '--threads', '2'];
/** Of its figures, those for the table: how much it was, and how long the longest wait. */
const FIGURES = /every byte checked|longest wait/;

/** A short torture run, as `./sidestep test --torture` makes them. */
export async function torture(): Promise<CheckResult> {
  const { exitCode, output, seconds } = await runScript(
    'apps/server/test/torture/main.ts',
    OPTIONS,
    remembering(),
  );
  const lines = output.split('\n').map((line) => line.trim());
  return {
    check: 'torture',
    passed: exitCode === 0 ? 1 : 0,
    failed: exitCode === 0 ? 0 : 1,
    seconds,
    figures: lines.filter((line) => FIGURES.test(line)),
    failures: exitCode === 0 ? [] : [output.slice(output.indexOf('✗'))],
  };
}
