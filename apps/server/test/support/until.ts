import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds, looking often. Gives up only when the test would not be believed any more. */
export async function until(
  what: () => boolean | Promise<boolean>,
  words = 'it never happened',
): Promise<void> {
  // Not by the wall clock, which may be set meanwhile.
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(10)) {
    if (await what()) return;
  }
  throw new Error(words);
}
