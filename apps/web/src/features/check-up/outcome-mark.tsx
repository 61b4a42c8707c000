import type { CheckOutcome } from '@sidestep/shared';
import {
  CircleCheck,
  CircleQuestionMark,
  type LucideIcon,
  OctagonX,
  Route,
  TriangleAlert,
} from 'lucide-react';
import { cn } from '@/lib/class-names.ts';

/** What each outcome means, for hover and help. */
export const OUTCOME_MEANS: Record<CheckOutcome, string> = {
  fine: 'The kernel does what the bypass needs.',
  'worked round': 'The kernel does not, but Sidestep gets by, and no program loses by it.',
  'on TCP': 'Some programs stay on TCP because of it.',
  refused: 'Nothing can be accelerated on this kernel.',
  unknown: 'It could not be tested. What it would have shown is assumed to be bad.',
};

/** Each outcome has a shape of its own: nobody has to tell colours apart. */
const LOOKS: Record<CheckOutcome, { icon: LucideIcon; ink: string }> = {
  fine: { icon: CircleCheck, ink: 'text-good' },
  'worked round': { icon: Route, ink: 'text-accent' },
  'on TCP': { icon: TriangleAlert, ink: 'text-warn' },
  refused: { icon: OctagonX, ink: 'text-bad' },
  unknown: { icon: CircleQuestionMark, ink: 'text-warn' },
};

/** A page that was opened before an upgrade may hear an outcome that it has no word for. */
function looksOf(outcome: CheckOutcome) {
  return LOOKS[outcome] ?? LOOKS.unknown;
}

export function OutcomeIcon({ outcome, className }: { outcome: CheckOutcome; className?: string }) {
  const { icon: Icon, ink } = looksOf(outcome);
  return <Icon aria-hidden="true" className={cn('size-4 shrink-0', ink, className)} />;
}

/** The shape with its word. */
export function OutcomeMark({ outcome, count }: { outcome: CheckOutcome; count?: number }) {
  const { ink } = looksOf(outcome);
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap" title={OUTCOME_MEANS[outcome]}>
      <OutcomeIcon outcome={outcome} />
      <span className={ink}>
        {count !== undefined && <span className="tabular font-medium">{count} </span>}
        {outcome}
      </span>
    </span>
  );
}
