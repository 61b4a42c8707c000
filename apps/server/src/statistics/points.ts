import type { ByPath, StatisticsPoint, StatisticsRange } from '@sidestep/shared';
import type { DataPlaneTotals } from '../dataplane/dataplane.ts';

/** Milliseconds between two points of a range: 300 points each. */
export const INTERVALS = {
  '5m': 1000,
  '1h': 12_000,
  '24h': 288_000,
  '7d': 2_016_000,
} as const satisfies Record<StatisticsRange, number>;
export const POINTS = 300;

/** What happened between two looks at the totals, per second. Totals that shrink have started afresh. */
export function pointBetween(
  before: DataPlaneTotals,
  after: DataPlaneTotals,
  seconds: number,
  at: number,
  connections: ByPath,
): StatisticsPoint {
  const perSecond = (from: number, to: number) => (to >= from ? to - from : to) / seconds;
  const byPath = (from: ByPath, to: ByPath) => ({
    bypass: perSecond(from.bypass, to.bypass),
    stack: perSecond(from.stack, to.stack),
  });
  return {
    at,
    bytes: byPath(before.bytes, after.bytes),
    messages: byPath(before.messages, after.messages),
    connections,
    events: perSecond(before.events.sent, after.events.sent),
  };
}

/** The mean of points that are equally far apart, dated `at`; null when there is none. */
export function meanOf(points: readonly StatisticsPoint[], at: number): StatisticsPoint | null {
  if (points.length === 0) return null;
  const mean = (of: (point: StatisticsPoint) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const byPath = (of: (point: StatisticsPoint) => ByPath) => ({
    bypass: mean((point) => of(point).bypass),
    stack: mean((point) => of(point).stack),
  });
  return {
    at,
    bytes: byPath(({ bytes }) => bytes),
    messages: byPath(({ messages }) => messages),
    connections: byPath(({ connections }) => connections),
    events: mean(({ events }) => events),
  };
}
