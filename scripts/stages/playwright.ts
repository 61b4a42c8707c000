import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, show, tool } from './command.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { readReport } from './report.ts';

interface Report {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly flaky: number;
    readonly skipped: number;
  };
}

export async function playwright(): Promise<Outcome> {
  const web = join(root, 'apps/web');
  const folder = mkdtempSync(join(tmpdir(), 'sidestep-playwright-'));
  const file = join(folder, 'report.json');
  const exitCode = await show(tool('playwright', web), ['test', '--reporter=list,json'], web, {
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  });
  const stats = readReport<Report>(file)?.stats;
  rmSync(folder, { recursive: true });
  if (stats === undefined) return outcomeOf({ passed: 0, failed: 0, skipped: 0, exitCode });
  // One that passed only when it was tried again has shown that it can fail.
  return outcomeOf({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
    exitCode,
  });
}
