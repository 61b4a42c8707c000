import { Refusal } from '../refusal.ts';
import type { Caller } from './context.ts';

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
