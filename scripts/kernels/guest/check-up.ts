import { writeFileSync } from 'node:fs';
import type { CheckUp } from '../../../packages/shared/src/check-up.ts';
import type { CheckResult } from '../results.ts';
import { runScript } from './program.ts';
import { CHECK_UP } from './remembered.ts';

/** What `./sidestep doctor` finds: it fails where the kernel lacks what the bypass cannot do without, and where a probe could not be made. */
export async function checkUp(): Promise<CheckResult> {
  const { exitCode, output, seconds } = await runScript('apps/server/src/main.ts', ['check-up']);
  const line = output.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined)
    return { check: 'check-up', passed: 0, failed: 1, seconds, figures: [], failures: [output] };
  writeFileSync(CHECK_UP, line);
  const { checks } = JSON.parse(line) as CheckUp;
  const bad = checks.filter(({ outcome }) => outcome === 'refused' || outcome === 'unknown');
  const remarkable = checks.filter(({ outcome }) => outcome === 'worked round' || outcome === 'on TCP');
  return {
    check: 'check-up',
    passed: checks.length - bad.length,
    failed: exitCode === 0 ? bad.length : Math.max(1, bad.length),
    seconds,
    figures: remarkable.map(({ outcome, title }) => `${outcome}: ${title}`),
    failures: bad.map(({ outcome, title, seen, log }) => `${outcome}: ${title}\n${seen}\n${log ?? ''}`),
  };
}
