import { env } from 'node:process';

/** What is tried on each kernel, in this order, and how it is named in the table. */
export const CHECKS = [
  'check-up',
  'pairing',
  'ordering',
  'FIONREAD',
  'watching',
  'backpressure',
  'drain',
  'torture',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** Those that SIDESTEP_CHECKS names, with commas between them; all when it names none. */
export function chosenChecks(names = env.SIDESTEP_CHECKS): CheckName[] {
  const wanted = names?.split(',').filter(Boolean) ?? [];
  const unknown = wanted.filter((name) => !CHECKS.some((check) => check === name));
  if (unknown.length > 0)
    throw new Error(`SIDESTEP_CHECKS takes ${CHECKS.join(', ')}, not ${unknown.join(', ')}.`);
  return CHECKS.filter((check) => wanted.length === 0 || wanted.includes(check));
}

/** One line that the guest writes to its second serial port: what a check came to. */
export interface CheckResult {
  readonly check: CheckName;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** For the table: a few words or figures. */
  readonly figures: readonly string[];
  /** Of those that failed, what went wrong. */
  readonly failures: readonly string[];
}

/** What a whole run on one kernel came to. */
export interface KernelResult {
  /** Its Debian package. */
  readonly name: string;
  /** As `uname -v` says it, empty when it has not come so far. */
  readonly version: string;
  readonly checks: readonly CheckResult[];
  /** Why the run did not come to its end; null when it did. */
  readonly trouble: string | null;
}

/** What the guest says, a line of JSON each: first which kernel it runs, then how it gets on and the results, and at last that it has come to its end. */
export type Message =
  | { readonly version: string }
  | { readonly progress: string }
  | CheckResult
  | { readonly end: true };

/** Null for a line that is none of them, such as one that a crash has cut off. */
export function parseMessage(line: string): Message | null {
  try {
    const message = JSON.parse(line) as Message | null;
    const known =
      typeof message === 'object' &&
      message !== null &&
      ['version', 'progress', 'check', 'end'].some((key) => key in message);
    return known ? message : null;
  } catch {
    return null;
  }
}

/** A run counts as failed for each check that failed, that found nothing to do, or that never ended; and one that broke off after its last check, too. */
export function countResults(
  { checks, trouble }: Pick<KernelResult, 'checks' | 'trouble'>,
  wanted: readonly CheckName[] = CHECKS,
): { passed: number; failed: number } {
  const good = (name: CheckName) =>
    checks.some(({ check, passed, failed }) => check === name && passed > 0 && failed === 0);
  const passed = wanted.filter(good).length;
  return { passed, failed: Math.max(wanted.length - passed, trouble === null ? 0 : 1) };
}

/** As a table in Markdown: a row for each check, a column for each kernel. */
export function table(results: readonly KernelResult[], wanted: readonly CheckName[] = CHECKS): string {
  const cell = ({ checks, trouble }: KernelResult, name: CheckName) => {
    const result = checks.find(({ check }) => check === name);
    if (result === undefined) return trouble === null ? 'did not run' : `did not end: ${trouble}`;
    const verdict = result.failed > 0 ? `**${result.failed} failed**` : `${result.passed} passed`;
    return [verdict, ...result.figures].join('; ');
  };
  const row = (cells: readonly string[]) =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    row(['', ...results.map(({ name }) => name.replace('linux-image-', ''))]),
    row(['---', ...results.map(() => '---')]),
    row(['version', ...results.map(({ version }) => version)]),
    ...wanted.map((name) => row([name, ...results.map((result) => cell(result, name))])),
  ].join('\n');
}
