import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root, show, tool } from './command.ts';
import { type Failure, type Outcome, outcomeOf } from './outcome.ts';
import { readReport } from './report.ts';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages: readonly string[];
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
  return outcomeOf({
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.testResults.filter(isBroken).length,
    skipped: report.numPendingTests + report.numTodoTests,
    exitCode,
    failures: report.testResults.flatMap(failuresOf),
  });
}

/** A file that cannot even be loaded has no test that failed. */
function isBroken({ status, assertionResults }: TestFile): boolean {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}

function failuresOf(file: TestFile): Failure[] {
  const path = relative(root, file.name);
  if (isBroken(file)) return [{ test: path, message: file.message }];
  return file.assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => ({
      test: `${path} › ${fullName}`,
      message: failureMessages.join('\n'),
    }));
}
