import type { Check, CheckOutcome } from '@sidestep/shared';
import type { z } from 'zod';
import type { Answer } from './answer.ts';

/** What came of a probe. */
export type Finding = Pick<Check, 'outcome' | 'seen' | 'means' | 'does'>;

/** One thing that the bypass needs of the kernel. */
export interface Probe extends Pick<Check, 'id' | 'title' | 'essential'> {
  /** What the probe process is asked for. Several probes may look at one answer. */
  readonly request: string;
  readonly judge: (answer: Answer) => Check;
}

interface Definition<Facts> extends Omit<Probe, 'judge'> {
  readonly facts: z.ZodType<Facts>;
  readonly judge: (facts: Facts) => Finding;
  /** What a refusal of the kernel comes to, and what it means when nothing is known. */
  readonly otherwise: { readonly outcome: CheckOutcome; readonly means: string; readonly does: string };
}

/** A probe whose facts are checked before they are judged. */
export function probe<Facts>({ facts, judge, otherwise, ...probe }: Definition<Facts>): Probe {
  const { id, title, essential } = probe;
  const check = (finding: Finding, log: string | null = null) => ({ id, title, essential, ...finding, log });
  return {
    ...probe,
    judge: (answer) => {
      if ('refused' in answer) {
        const seen = `The kernel answered ${answer.error} to “${answer.refused}”.`;
        return check({ ...otherwise, seen }, answer.log || null);
      }
      if ('trouble' in answer) {
        const seen = `The probe could not be made: ${answer.error} at “${answer.trouble}”.`;
        return check({ ...otherwise, outcome: 'unknown', seen }, answer.log || null);
      }
      const parsed = facts.safeParse(answer.facts);
      if (parsed.success) return check(judge(parsed.data));
      const seen = 'The probe answered what nobody understands; build Sidestep again.';
      return check({ ...otherwise, outcome: 'unknown', seen }, parsed.error.message);
    },
  };
}

/** What can be said where nothing works without it. */
export const REFUSES =
  'Refuses to accelerate, and leaves everything on TCP. Debian’s own kernels from 6.1 on have it.';
