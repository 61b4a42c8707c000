import type { Check } from '@sidestep/shared';

/** A check that found what it wanted, changed as the test needs it. */
export function check(change: Partial<Check> = {}): Check {
  return {
    id: 'redirect-order',
    title: 'Redirected messages keep their order',
    outcome: 'fine',
    essential: true,
    seen: '1000 messages came in order.',
    means: 'Programs see the bytes that were sent.',
    does: 'Uses the bypass.',
    log: null,
    ...change,
  };
}
