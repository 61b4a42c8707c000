import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds; generous, because it guards against hanging and measures nothing. */
  readonly deadline?: number;
  readonly every?: number;
}

/** How many times as long as usual everything may take here: a machine that is emulated is that much slower. */
export const PATIENCE = Number(process.env.SIDESTEP_PATIENCE ?? 1);

/**
 * Asks again and again until the answer is neither null, undefined nor false, and returns it. Throws when the deadline (30 s) has
 * passed, with `what` and the last error in its message.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { deadline = 30_000, every = 20 }: UntilOptions = {},
): Promise<T> {
  const limit = deadline * PATIENCE;
  const end = performance.now() + limit;
  let trouble: unknown = null;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
      trouble = null;
    } catch (error) {
      trouble = error;
    }
    await sleep(every);
  }
  throw new Error(`Waited ${limit} ms in vain until ${what}.`, trouble ? { cause: trouble } : undefined);
}
