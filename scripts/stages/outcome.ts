/** What a stage of the test run came to. `remarks` say what the numbers alone do not. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly remarks: readonly string[];
}

/**
 * A test that was skipped has not passed, a runner that fails although no test did has failed, and a stage that
 * ran nothing has failed too.
 */
export function outcomeOf(counts: {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly exitCode: number;
}): Outcome {
  const { passed, skipped, exitCode } = counts;
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
  return { passed, failed, remarks };
}

/** The closing table, whose last line is `N passed, N failed`. */
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
  return { text: ['\n── Summary', ...lines, '', total].join('\n'), failed };
}
