import type {
  ByPath,
  StatisticsHistory,
  StatisticsMark,
  StatisticsPoint,
  StatisticsRange,
} from '@sidestep/shared';

/** Milliseconds that a chart of each range shows. */
export const SPANS: Record<StatisticsRange, number> = {
  '5m': 300_000,
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
};

/** How high a chart is drawn, in pixels. */
export const PLOT_HEIGHT = 140;

/** At most this many points are drawn. */
const POINTS = 300;

/** The history with one more point; what fell out of the range goes. */
export function addPoint(history: StatisticsHistory, point: StatisticsPoint): StatisticsHistory {
  const last = history.points.at(-1);
  if (last && point.at <= last.at) return history;
  const from = point.at - SPANS[history.range];
  const points = [...history.points, point].filter(({ at }) => at >= from).slice(-POINTS);
  return { ...history, until: point.at, points, marks: history.marks.filter(({ at }) => at >= from) };
}

/** One moment of a chart; nulls break the line where nothing was counted. */
export interface ChartPoint {
  at: number;
  bypass: number | null;
  stack: number | null;
}

/** So many intervals may lie between two points of a line that goes on. */
const GAP = 2.5;

/** Whether the line ends before the chart does: nothing is counted any more. */
export function endsEarly({ points, interval, until }: StatisticsHistory): boolean {
  const last = points.at(-1);
  return last === undefined || until - last.at > GAP * interval;
}

/** The points of a chart, with a break wherever more than two intervals are missing. */
export function chartPoints(
  history: StatisticsHistory,
  pick: (point: StatisticsPoint) => ByPath,
): ChartPoint[] {
  const points: ChartPoint[] = [];
  let before: number | null = null;
  for (const point of history.points) {
    if (before !== null && point.at - before > GAP * history.interval) {
      points.push({ at: before + history.interval, bypass: null, stack: null });
    }
    points.push({ at: point.at, ...pick(point) });
    before = point.at;
  }
  return points;
}

/** The marks to draw, leaving out a word that the one after it would stand on. */
export function readableMarks(
  marks: readonly StatisticsMark[],
  from: number,
  span: number,
): StatisticsMark[] {
  const visible = marks.filter(({ at }) => at >= from);
  return visible.map((mark, index) => {
    const next = visible[index + 1];
    return next && next.at - mark.at < span / 7 ? { ...mark, word: '' } : mark;
  });
}

/** Where the labels at the ends of two lines stand, `gap` pixels apart at least, inside `height`. */
export function spreadLabels(first: number, second: number, gap: number, height: number): [number, number] {
  if (Math.abs(first - second) >= gap) return [first, second];
  const middle = Math.min(Math.max((first + second) / 2, gap / 2), height - gap / 2);
  return first <= second ? [middle - gap / 2, middle + gap / 2] : [middle + gap / 2, middle - gap / 2];
}

/** Steps of the clock on the wall, which is put forward and back. */
const HOURS: Partial<Record<StatisticsRange, number>> = { '24h': 4, '7d': 24 };
/** Steps in which time goes on, whatever the clock does. */
const MINUTES: Partial<Record<StatisticsRange, number>> = { '5m': 1, '1h': 10 };

/** Round moments for the axis: a tick a minute, ten minutes, four hours or a day. */
export function timeTicks(from: number, to: number, range: StatisticsRange): number[] {
  const start = new Date(from);
  const hours = HOURS[range];
  const step = (MINUTES[range] ?? 1) * 60_000;
  const offset = start.getTimezoneOffset() * 60_000;
  const first = Math.floor((from - offset) / step) * step + offset;
  const tick = (index: number) =>
    hours === undefined
      ? first + index * step
      : new Date(start.getFullYear(), start.getMonth(), start.getDate(), index * hours).getTime();
  const ticks: number[] = [];
  for (let index = 0; tick(index) <= to; index += 1) if (tick(index) >= from) ticks.push(tick(index));
  return ticks;
}

/** Where the vertical axis is labelled: at its ends and in the middle, but where things are counted at no half of one. */
export function valueTicks(top: number, whole: boolean): number[] {
  return [0, top / 2, top].filter((value) => !whole || Number.isInteger(value));
}
