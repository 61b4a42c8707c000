import type { Labels, PointResult } from '../src/cell.ts';
import type { Variant } from '../src/variants.ts';

/** A point whose measurements had these values, by round; null went wrong. */
export function pointOf(
  labels: Labels,
  values: Readonly<Partial<Record<Variant, readonly (number | null)[]>>>,
  details: Readonly<Record<string, number>> = {},
): PointResult {
  const measured = Object.entries(values).map(([variant, series]) => [
    variant,
    series.map((value) => ({ value, details, trouble: value === null ? 'hung' : null })),
  ]);
  return { labels, measured: Object.fromEntries(measured) };
}
