import type { CellResult, PointResult } from './cell.ts';
import { groupsOf, wordsOf } from './groups.ts';
import { number } from './numbers.ts';
import { BYPASSED } from './run-traffic.ts';
import { detailOf, figureOf, ratioOf, type Spread } from './statistics.ts';
import { VARIANTS, type Variant } from './variants.ts';

const AGAINST: readonly Variant[] = ['TCP', 'textbook', 'UNIX'];

/** So many points are seen at a glance in one table, whatever distinguishes them. */
const ONE_TABLE = 12;

/** The result as a heading, what was done, and a table; or one for each group, where there are many points. */
export function markdownOf({ title, method, unit, points }: CellResult): string {
  const tables =
    points.length <= ONE_TABLE
      ? [tableOf(points, Object.keys(points[0]?.labels ?? {}))]
      : groupsOf(points).map(
          (group) => `### ${capital(wordsOf(group.labels))}\n\n${tableOf(group.points, [group.axis])}`,
        );
  return [`## ${title}`, `${method} In ${unit}.`, ...tables, ...troublesOf(points)].join('\n\n');
}

function tableOf(points: readonly PointResult[], labels: readonly string[]): string {
  const variants = VARIANTS.filter((variant) => points.some(({ measured }) => measured[variant]));
  const against = AGAINST.filter((other) => variants.includes('Sidestep') && variants.includes(other));
  const counted = points.some((point) => figureOf(point, 'Sidestep', detailOf(BYPASSED)));
  const heading = [
    ...labels,
    ...variants,
    ...against.map((other) => `Sidestep ÷ ${other}`),
    ...(counted ? [BYPASSED] : []),
  ];
  const rows = points.map((point) => [
    ...labels.map((label) => String(point.labels[label])),
    ...variants.map((variant) => spread(figureOf(point, variant), number)),
    ...against.map((other) => spread(ratioOf(point, 'Sidestep', other), ratio)),
    ...(counted ? [figureOf(point, 'Sidestep', detailOf(BYPASSED))?.median.toFixed(0) ?? '–'] : []),
  ]);
  return table(heading, rows);
}

/** Rows of cells as Markdown; all columns but the first are to the right. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = heading.map((_, column) => (column === 0 ? '---' : '---:'));
  return [heading, line, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What went wrong, once for each variant of each point. */
function troublesOf(points: readonly PointResult[]): string[] {
  const lines = points.flatMap((point) =>
    VARIANTS.flatMap((variant) => {
      const measured = point.measured[variant] ?? [];
      const troubles = measured.map(({ trouble }) => trouble).filter((trouble) => trouble !== null);
      if (troubles.length === 0) return [];
      return [
        `* ${variant}, ${wordsOf(point.labels)}: ${troubles.length} of ${measured.length} went wrong (${troubles[0]}).`,
      ];
    }),
  );
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function spread(figures: Spread | null, print: (value: number) => string): string {
  if (!figures) return '–';
  const { median, min, max } = figures;
  return min === max ? print(median) : `**${print(median)}** (${print(min)} – ${print(max)})`;
}

function ratio(value: number): string {
  return value.toFixed(2);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
