import { table } from './markdown.ts';
import type { Verdict } from './targets.ts';

/** Reached or not, at how many points, and how near the point comes that is furthest from it. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  return table(
    ['target', 'reached', 'points', 'furthest from it', 'ratio', 'to spare'],
    verdicts.map(({ words, least, reached, points, worst }) => [
      words,
      reached ? 'yes' : '**no**',
      `${points.reached} of ${points.all}`,
      worst.where,
      ratioWords(worst),
      worst.ratio && worst.wrong === 0 ? signed((worst.ratio.median / least - 1) * 100) : '–',
    ]),
  );
}

function ratioWords({ ratio, wrong, rounds }: Verdict['worst']): string {
  const words = ratio && `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} – ${ratio.max.toFixed(2)})`;
  const failed = wrong > 0 && `${wrong} of ${rounds} went wrong`;
  return [words, failed].filter(Boolean).join(', ') || 'went wrong';
}

function signed(percent: number): string {
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}
