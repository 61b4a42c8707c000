import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, show, tool } from './command.ts';
import { type Failure, type Outcome, outcomeOf } from './outcome.ts';
import { readReport } from './report.ts';

interface Report {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
  readonly suites: readonly Suite[];
  /** Of what belongs to no test, such as a file that cannot be loaded. */
  readonly errors: readonly { readonly message?: string }[];
}

interface Suite {
  readonly suites?: readonly Suite[];
  readonly specs: readonly {
    readonly title: string;
    readonly file: string;
    readonly tests: readonly {
      readonly status: string;
      readonly results: readonly { readonly error?: { readonly message?: string } }[];
    }[];
  }[];
}

export async function playwright(): Promise<Outcome> {
  const web = join(root, 'apps/web');
  const folder = mkdtempSync(join(tmpdir(), 'sidestep-playwright-'));
  const file = join(folder, 'report.json');
  const exitCode = await show(tool('playwright', web), ['test', '--reporter=list,json'], web, {
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  });
  const report = readReport<Report>(file);
  rmSync(folder, { recursive: true });
  if (report === null) return outcomeOf({ passed: 0, failed: 0, skipped: 0, exitCode });
  const { stats, suites, errors } = report;
  // One that passed only when it was tried again has shown that it can fail.
  return outcomeOf({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
    exitCode,
    failures: [
      ...suites.flatMap(failuresOf),
      ...errors.map(({ message = '' }) => ({ test: 'outside the tests', message })),
    ],
  });
}

function failuresOf(suite: Suite): Failure[] {
  const own = suite.specs.flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => ({
        test: `${file} › ${title}`,
        message: results.map(({ error }) => error?.message ?? '').join('\n'),
      })),
  );
  return [...own, ...(suite.suites ?? []).flatMap(failuresOf)];
}
