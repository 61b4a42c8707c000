import { table } from './markdown.ts';
import type { Verdict } from './targets.ts';

/** Reached or not, at how many points, and how near the point comes that is furthest from it. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  return table(
    ['target', 'reached', 'points', 'furthest from it', 'ratio', 'to spare'],
    verdicts.map(({ words, least, reached, points, worst: { where, ratio } }) => [
      words,
      reached ? 'yes' : '**no**',
      `${points.reached} of ${points.all}`,
      where,
      ratio ? `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} – ${ratio.max.toFixed(2)})` : 'went wrong',
      ratio ? signed((ratio.median / least - 1) * 100) : '–',
    ]),
  );
}

function signed(percent: number): string {
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}
