import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds, looking often. Gives up only when the test would not be believed any more. */
export async function until(
  what: () => boolean | Promise<boolean>,
  words = 'it never happened',
): Promise<void> {
  for (const end = Date.now() + 25_000; Date.now() < end; await sleep(10)) {
    if (await what()) return;
  }
  throw new Error(words);
}
