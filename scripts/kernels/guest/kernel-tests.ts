import { readReport } from '../../stages/report.ts';
import type { CheckName, CheckResult } from '../results.ts';
import { runScript } from './program.ts';
import { remembering } from './remembered.ts';
import { say } from './say.ts';

interface Choice {
  readonly check: CheckName;
  /** Of the server's tests. */
  readonly file: string;
  /** Which of its tests, each by an alternative of its own: a minute each is what an emulator has time for. */
  readonly names: RegExp;
}

const CHOICES: readonly Choice[] = [
  { check: 'pairing', file: 'kernel/addresses', names: /^IPv4 takes the bypass/ },
  { check: 'pairing', file: 'kernel/namespaces', names: /^two namespaces with the same addresses/ },
  { check: 'ordering', file: 'kernel/joining-and-leaving', names: /as fast as they can/ },
  { check: 'ordering', file: 'kernel/quirks', names: /TCP takes over/ },
  { check: 'FIONREAD', file: 'kernel/fionread', names: /a reader that/ },
  { check: 'watching', file: 'kernel/watches', names: /^a program that splices is recognised/ },
  { check: 'watching', file: 'kernel/splicers', names: /in the place of another/ },
  { check: 'watching', file: 'kernel/handed-on', names: /of another user/ },
  { check: 'backpressure', file: 'kernel/sender-timeout', names: /^a sender with TCP_USER_TIMEOUT/ },
  { check: 'backpressure', file: 'kernel/backpressure', names: /4096|true|soon/ },
  {
    check: 'backpressure',
    file: 'dataplane/settle',
    names: /TCP_NOTSENT_LOWAT back|that its program|linear timeouts|keepalive back$/,
  },
  { check: 'backpressure', file: 'kernel/no-daemon', names: /in small sends$|gives it back$/ },
  { check: 'drain', file: 'kernel/disable-under-load', names: /^switching off under load/ },
];
/** Of switching off under load; a hundred take an hour in an emulator. */
const CYCLES = 3;
const REPORT = '/run/report.json';

interface Report {
  readonly testResults: readonly File[];
}

interface File {
  readonly name: string;
  readonly message: string;
  readonly assertionResults: readonly Test[];
}

interface Test {
  readonly status: string;
  readonly fullName: string;
  /** Milliseconds. */
  readonly duration?: number | null;
  readonly failureMessages: readonly string[];
}

/** Some of the server's tests, as they are. */
export async function kernelTests(wanted: readonly CheckName[]): Promise<CheckResult[]> {
  const choices = CHOICES.filter(({ check }) => wanted.includes(check));
  if (choices.length === 0) return [];
  const options = ['--root', '.', '--config', 'scripts/kernels/guest/vitest.config.ts'];
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${REPORT}`];
  const names = ['--testNamePattern', choices.map(({ names }) => names.source).join('|')];
  const { output } = await runScript(
    'node_modules/vitest/vitest.mjs',
    ['run', ...options, ...reporters, ...names, ...choices.map(pathOf)],
    { SIDESTEP_CYCLES: String(CYCLES), ...remembering() },
    showTest,
  );
  const files = readReport<Report>(REPORT)?.testResults ?? [];
  const checks = [...new Set(choices.map(({ check }) => check))];
  return checks.map((check) => resultOf(check, files, output));
}

/** Of what the verbose reporter says, that a test has ended, and how. */
function showTest(line: string): void {
  if (/^\s*[✓×] /.test(line)) say({ progress: line.trim() });
}

function pathOf({ file }: Choice): string {
  return `apps/server/test/${file}.test.ts`;
}

function resultOf(check: CheckName, files: readonly File[], output: string): CheckResult {
  let seconds = 0;
  let passed = 0;
  const failures: string[] = [];
  for (const choice of CHOICES.filter((one) => one.check === check)) {
    const file = files.find(({ name }) => name.endsWith(pathOf(choice)));
    // Those that were not chosen stand in the report as skipped.
    const ran =
      file?.assertionResults.filter(({ status }) => status === 'passed' || status === 'failed') ?? [];
    if (ran.length === 0) failures.push(`${pathOf(choice)} did not run.\n${file?.message || output}`);
    // Names that other files are asked for may fit here, too.
    const tests = ran.filter(({ fullName }) => choice.names.test(fullName));
    for (const name of ran.length === 0 ? [] : choice.names.source.split('|')) {
      if (!tests.some(({ fullName }) => new RegExp(name).test(fullName)))
        failures.push(`${pathOf(choice)}: no test that ran is called /${name}/.`);
    }
    for (const { status, fullName, duration, failureMessages } of tests) {
      seconds += (duration ?? 0) / 1000;
      if (status === 'passed') passed++;
      else failures.push(`${fullName}\n${failureMessages.join('\n')}`);
    }
  }
  const figures = check === 'drain' ? [`${CYCLES} times switched off under load`] : [];
  return { check, passed, failed: failures.length, seconds, figures, failures };
}
