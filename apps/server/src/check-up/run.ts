import { preventsAll } from '@sidestep/shared';
import { checkPrivileges } from '../host/checks.ts';
import { wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';
import { type Examine, examineNow } from './check-up.ts';

/**
 * `check-up`, for the command line where no daemon runs: prints the check-up as one line of JSON. Exit status: 0 nothing essential is
 * missing, 1 something is, or the check-up was refused.
 */
export async function runCheckUp(examine: Examine): Promise<void> {
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort()).once('SIGINT', () => stopping.abort());
  try {
    checkPrivileges();
    const found = await examineNow(examine, Date.now, stopping.signal);
    process.stdout.write(`${JSON.stringify(found)}\n`);
    if (found.checks.some(preventsAll)) process.exitCode = 1;
  } catch (error) {
    const words = error instanceof Refusal ? error.message : `The check-up failed: ${wordsOf(error)}.`;
    process.stderr.write(`${words}\n`);
    process.exitCode = 1;
  }
}
