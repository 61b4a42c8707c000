import type { CellResult, CellRow } from './cell.ts';
import type { Spread } from './statistics.ts';

/** The result as a heading, a sentence, and a table. */
export function markdownOf({ title, method, unit, rows }: CellResult): string {
  const compared = rows.some(({ ratio }) => ratio);
  const details = Object.keys(rows[0]?.details ?? {});
  const heading = [
    '',
    `${unit}, median`,
    'min – max',
    ...(compared ? ['× TCP, median', 'min – max'] : []),
    ...details,
  ];
  const lines = rows.map((row) => [
    row.name,
    ...figuresOf(row, compared),
    ...details.map((name) => number(row.details[name] ?? 0)),
  ]);
  const table = [heading, heading.map((_, column) => (column === 0 ? '---' : '---:')), ...lines];
  return [`## ${title}`, '', method, '', ...table.map((cells) => `| ${cells.join(' | ')} |`)].join('\n');
}

function figuresOf({ value, ratio }: CellRow, compared: boolean): string[] {
  const ratios = ratio ? [ratio.median.toFixed(2), range(ratio, (share) => share.toFixed(2))] : ['', ''];
  return [number(value.median), range(value, number), ...(compared ? ratios : [])];
}

function range({ min, max }: Spread, print: (value: number) => string): string {
  return `${print(min)} – ${print(max)}`;
}

/** Three or more significant digits, thousands apart. */
function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}
