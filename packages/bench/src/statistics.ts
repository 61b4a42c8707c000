import type { Measurement, PointResult } from './cell.ts';
import type { Variant } from './variants.ts';

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('There is no median of nothing.');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] as number;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] as number)) / 2 : upper;
}

/** What a series of measurements comes down to. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** One figure of a measurement; null when the measurement went wrong. */
export type Figure = (measurement: Measurement) => number | null;

export const mainFigure: Figure = ({ value }) => value;

export function detailOf(name: string): Figure {
  return ({ details }) => details[name] ?? null;
}

/** Of the rounds that went well; null when there was none. */
export function figureOf(point: PointResult, variant: Variant, figure: Figure = mainFigure): Spread | null {
  const values = (point.measured[variant] ?? []).map(figure).filter((value) => value !== null);
  return values.length === 0 ? null : spreadOf(values);
}

/** The ratio within each round in which both went well, over the rounds; null when there was no such round. */
export function ratioOf(
  point: PointResult,
  variant: Variant,
  against: Variant,
  figure: Figure = mainFigure,
): Spread | null {
  const theirs = point.measured[against] ?? [];
  const ratios = (point.measured[variant] ?? []).flatMap((measurement, round) => {
    const other = theirs[round];
    const [own, divisor] = [figure(measurement), other ? figure(other) : null];
    return own === null || !divisor ? [] : [own / divisor];
  });
  return ratios.length === 0 ? null : spreadOf(ratios);
}

/** Of the variants, the one with the highest median; null when none has one. */
export function bestOf(point: PointResult, variants: readonly Variant[]): Variant | null {
  let best: { variant: Variant; median: number } | null = null;
  for (const variant of variants) {
    const spread = figureOf(point, variant);
    if (spread && (!best || spread.median > best.median)) best = { variant, median: spread.median };
  }
  return best?.variant ?? null;
}
