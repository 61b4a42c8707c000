import type { Check } from '@sidestep/shared';

/** What came of a probe. */
export type Finding = Pick<Check, 'outcome' | 'seen' | 'means' | 'does'> & { readonly log?: string | null };

/** One thing that the bypass needs of the kernel, and how to see whether it is there. */
export interface Probe extends Pick<Check, 'id' | 'title' | 'essential'> {
  /** What it means when nothing is known. */
  readonly unknown: Pick<Check, 'means' | 'does'>;
  /** Ends early when the signal aborts. What it throws makes the check `unknown`. */
  readonly make: (signal: AbortSignal) => Promise<Finding>;
}
