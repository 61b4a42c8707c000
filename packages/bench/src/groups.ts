import type { Labels, PointResult } from './cell.ts';

/** Points that differ in their first label only, which becomes the rows of a table or the axis of a chart. */
export interface Group {
  /** What they have in common. */
  readonly labels: Labels;
  readonly axis: string;
  readonly points: readonly PointResult[];
}

/** In the order in which they first appear. */
export function groupsOf(points: readonly PointResult[]): Group[] {
  const groups = new Map<string, { labels: Labels; axis: string; points: PointResult[] }>();
  for (const point of points) {
    const [[axis] = [''], ...rest] = Object.entries(point.labels);
    const key = JSON.stringify(rest);
    const group = groups.get(key) ?? { labels: Object.fromEntries(rest), axis, points: [] };
    group.points.push(point);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** `Nagle on, connections 50`. */
export function wordsOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
