import { setImmediate as nextTurn } from 'node:timers/promises';
import { Refusal } from '../refusal.ts';
import type { Caller } from './context.ts';
import { drained } from './pace.ts';

/** What one connection may have running at the same time: far more than the page uses, far less than hurts. */
const MOST = { calls: 32, subscriptions: 32 } as const;

/** Counts a call or subscription in; the answer counts it out. Throws `Refusal` when the connection has too many. */
export function take(caller: Caller, kind: keyof typeof MOST): () => void {
  if (caller.running[kind] >= MOST[kind]) {
    throw new Refusal(
      `This connection already has ${MOST[kind]} ${kind} running.`,
      'Wait for some of them to end.',
    );
  }
  caller.running[kind]++;
  let counted = true;
  return () => {
    if (counted) caller.running[kind]--;
    counted = false;
  };
}

/**
 * Runs the queries of one connection one after the other, and not while its reader is behind: together their answers could be
 * large. Queries are quick, so nobody waits for long.
 */
export async function inTurn<Answer>(
  caller: Caller,
  signal: AbortSignal,
  query: () => Promise<Answer>,
): Promise<Answer> {
  const answer = caller.lastQuery.then(async () => {
    await drained(caller, signal);
    return query();
  });
  // The answer is on its way one turn later, and counts for the next query.
  caller.lastQuery = answer.then(
    () => nextTurn(),
    () => {},
  );
  return answer;
}
