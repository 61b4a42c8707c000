/**
 * Runs inside the emulator, on a machine that does nothing else. Says on standard output what each check came to, a line of JSON for
 * each (../results.ts); what the programs themselves say goes to standard error, which is the machine's console.
 */
import { version } from 'node:os';
import type { CheckResult, Message } from '../results.ts';
import { checkUp } from './check-up.ts';
import { kernelTests } from './kernel-tests.ts';
import { torture } from './torture.ts';

async function* checks(): AsyncGenerator<CheckResult> {
  yield await checkUp();
  yield* await kernelTests();
  yield await torture();
}

const say = (message: Message) => console.log(JSON.stringify(message));

say({ version: version() });
for await (const result of checks()) say(result);
say({ end: true });
