/**
 * Runs inside the emulator, on a machine that does nothing else. Says on standard output what each check came to, a line of JSON for
 * each (../results.ts); what the programs themselves say goes to standard error, which is the machine's console.
 */
import { version } from 'node:os';
import { type CheckResult, chosenChecks } from '../results.ts';
import { checkUp } from './check-up.ts';
import { kernelTests } from './kernel-tests.ts';
import { say } from './say.ts';
import { torture } from './torture.ts';

const wanted = chosenChecks();

async function* checks(): AsyncGenerator<CheckResult> {
  if (wanted.includes('check-up')) yield await checkUp();
  yield* await kernelTests(wanted);
  if (wanted.includes('torture')) yield await torture();
}

say({ version: version() });
for await (const result of checks()) say(result);
say({ end: true });
