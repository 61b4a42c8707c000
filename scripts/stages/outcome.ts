import { stripVTControlCharacters } from 'node:util';

/** What a stage of the test run came to. `remarks` say what the numbers alone do not. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly remarks: readonly string[];
  /** Those that failed, where the stage knows them by name. */
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly test: string;
  /** As its runner gave it, with or without colours; any number of lines. */
  readonly message: string;
}

const INSIDE_A_LIBRARY = /^\s+at .*(\/node_modules\/|<anonymous>|node:internal)/;

/** The summary is what is left of a long log: enough of a message to know what happened, not all that led there. */
export const LINES_OF_A_MESSAGE = 10;

/**
 * A test that was skipped has not passed, a runner that fails although no test did has failed, and a stage that
 * ran nothing has failed too.
 */
export function outcomeOf(counts: {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly exitCode: number;
  readonly failures?: readonly Failure[];
}): Outcome {
  const { passed, skipped, exitCode, failures = [] } = counts;
  const remarks: string[] = [];
  let failed = counts.failed + skipped;
  if (skipped > 0) remarks.push(`${skipped} skipped, which counts as failed`);
  if (passed + failed === 0) {
    failed = 1;
    remarks.push('no test ran');
  } else if (failed === 0 && exitCode !== 0) {
    failed = 1;
    remarks.push(`the runner ended with status ${exitCode}`);
  }
  return { passed, failed, remarks, failures };
}

/** The failures by name, and the closing table, whose last line is `N passed, N failed`. */
export function summary(
  results: readonly { readonly name: string; readonly outcome: Outcome; readonly seconds: number }[],
): { readonly text: string; readonly failed: number } {
  const lines = results.map(({ name, outcome, seconds }) => {
    const { passed, failed, remarks } = outcome;
    const numbers = `${passed} passed, ${failed} failed`;
    return `  ${name.padEnd(14)} ${numbers}, ${seconds.toFixed(0)} s${remarks.map((remark) => `; ${remark}`).join('')}`;
  });
  const sum = (pick: (outcome: Outcome) => number) =>
    results.reduce((total, { outcome }) => total + pick(outcome), 0);
  const failed = sum((outcome) => outcome.failed);
  const total = `${sum((outcome) => outcome.passed)} passed, ${failed} failed`;
  const failures = results.flatMap(({ name, outcome }) =>
    outcome.failures.map((failure) => described(name, failure)),
  );
  const headed = failures.length === 0 ? [] : ['\n── What failed', ...failures];
  return { text: [...headed, '\n── Summary', ...lines, '', total].join('\n'), failed };
}

function described(stage: string, { test, message }: Failure): string {
  const lines = stripVTControlCharacters(message)
    .trim()
    .split('\n')
    .filter((line) => !INSIDE_A_LIBRARY.test(line));
  const shown = lines.slice(0, LINES_OF_A_MESSAGE).map((line) => `      ${line}`.trimEnd());
  if (lines.length > shown.length) shown.push('      …');
  return [`  ✗ ${stage}: ${test}`, ...shown].join('\n');
}
