import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, show, tool } from './command.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { readReport } from './report.ts';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export async function vitest(args: readonly string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'sidestep-vitest-'));
  const file = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const exitCode = await show(tool('vitest'), ['run', ...args, ...reporters], root);
  const report = readReport<Report>(file);
  rmSync(folder, { recursive: true });
  if (report === null) return outcomeOf({ passed: 0, failed: 0, skipped: 0, exitCode });
  // A file that cannot even be loaded has no test that failed.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return outcomeOf({
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
    exitCode,
  });
}
