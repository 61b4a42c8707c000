import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Check, type CheckUp, checkUpSchema, preventsAll } from '@sidestep/shared';
import { withDaemon } from '../daemon.ts';
import { CommandError, NotRunning, Unfit } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { type CommonOptions, verb } from '../verb.ts';

const SERVER = fileURLToPath(new URL('../../../server/src/main.ts', import.meta.url));
/** Logs of the verifier are long. */
const MOST_BYTES = 16_777_216;

export const doctor = verb(
  'doctor',
  'examine this kernel; the status is 1 when nothing can be accelerated on it',
).action(async ({ stateDir, json }: CommonOptions) => {
  const found = await examine(stateDir);
  if (json) printJson(found);
  else print(linesOf(found));
  if (found.checks.some(preventsAll)) throw new Unfit('This kernel cannot have the bypass.');
});

/** By the daemon, so that its page shows the same; by a process of its own where none runs. */
async function examine(stateDir: string): Promise<CheckUp> {
  try {
    const { last } = await withDaemon(stateDir, (daemon) => daemon.checkUp.run.mutate());
    if (last === null) throw new CommandError('The check-up came to nothing; the daemon’s log says why.');
    return last;
  } catch (error) {
    if (error instanceof NotRunning) return examineAlone();
    throw error;
  }
}

function examineAlone(): Promise<CheckUp> {
  const args = ['--disable-warning=ExperimentalWarning', SERVER, 'check-up'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: MOST_BYTES }, (_error, out, errors) => {
      // Its status says what the check-up itself says, too.
      if (out === '') reject(new CommandError(errors.trim() || 'The check-up ended without a word.'));
      else resolve(checkUpSchema.parse(JSON.parse(out)));
    });
  });
}

export function linesOf({ kernel, took, checks }: CheckUp): string[] {
  const width = Math.max(...checks.map(({ outcome }) => outcome.length));
  const indent = ' '.repeat(width + 2);
  const lines = ({ outcome, title, seen, means, does }: Check) => [
    `${outcome.padEnd(width)}  ${title}`,
    ...(outcome === 'fine' ? [seen] : [seen, means, does]).map((line) => indent + line),
  ];
  return [
    `Linux ${kernel}: ${checks.length} checks in ${(took / 1000).toFixed(1)} s`,
    '',
    ...checks.flatMap(lines),
    '',
    conclusion(checks),
  ];
}

function conclusion(checks: readonly Check[]): string {
  const missing = checks.filter(preventsAll).length;
  const words = checks.some(({ log }) => log !== null) ? ' The kernel’s own words are in --json.' : '';
  if (missing > 0)
    return `Nothing can be accelerated here: ${missing} of the checks that everything depends on did not pass.${words}`;
  return checks.every(({ outcome }) => outcome === 'fine')
    ? 'This kernel has all that the bypass needs.'
    : `This kernel has all that the bypass needs. What is not fine says what Sidestep does about it.${words}`;
}
