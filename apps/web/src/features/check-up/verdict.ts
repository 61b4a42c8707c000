import { type Check, type CheckOutcome, preventsAll } from '@sidestep/shared';
import { plural } from '@/lib/number.ts';

/** A check-up in one sentence. */
export interface Verdict {
  /** The outcome that decides. */
  readonly outcome: CheckOutcome;
  readonly words: string;
  /** What that means for whoever runs programs here; empty where the words say it all. */
  readonly because: readonly string[];
}

/** Most reasons that are named beside the verdict; the lines below have all of them. */
const MOST_NAMED = 3;

/** What matters most comes first. */
const RANK: readonly CheckOutcome[] = ['refused', 'on TCP', 'unknown', 'worked round', 'fine'];

/** How a line counts: what nothing works without, and could not be tested, is as bad as refused. */
function gravityOf(check: Check): CheckOutcome {
  return preventsAll(check) ? 'refused' : check.outcome;
}

/** The lines, what matters most on top, otherwise as they were tested. */
export function inOrder(checks: readonly Check[]): Check[] {
  const rank = (check: Check) => RANK.indexOf(gravityOf(check));
  return [...checks].sort((one, other) => rank(one) - rank(other));
}

/** How many lines came to which outcome, what matters most first; outcomes that no line has are left out. */
export function tallyOf(checks: readonly Check[]): { outcome: CheckOutcome; count: number }[] {
  return RANK.map((outcome) => ({
    outcome,
    count: checks.filter((check) => check.outcome === outcome).length,
  })).filter(({ count }) => count > 0);
}

export function verdictOf(checks: readonly Check[]): Verdict {
  const outcome = RANK.find((one) => checks.some((check) => gravityOf(check) === one)) ?? 'unknown';
  const deciding = checks.filter((check) => gravityOf(check) === outcome);
  // Several lines may mean the same.
  const means = [...new Set(deciding.map((check) => check.means))].slice(0, MOST_NAMED);
  switch (outcome) {
    case 'refused':
      return { outcome, words: 'Nothing can be accelerated on this kernel', because: means };
    case 'on TCP':
      return { outcome, words: 'Some programs stay on TCP', because: means };
    case 'unknown':
      return deciding.length === 0
        ? { outcome, words: 'Nothing was tested', because: [] }
        : {
            outcome,
            words: `${plural(deciding.length, 'thing')} could not be tested`,
            because: ['What the tests would have shown is assumed to be bad.'],
          };
    case 'worked round':
      return {
        outcome,
        words: `${plural(deciding.length, 'thing is', 'things are')} worked round`,
        because: ['This kernel does not do all that the bypass needs, but no program loses by it.'],
      };
    case 'fine':
      return { outcome, words: 'All is well on this kernel', because: [] };
  }
}
