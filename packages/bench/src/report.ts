import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import type { CellResult } from './cell.ts';
import { draw } from './charts/draw.ts';
import { chartsOf } from './charts/of-results.ts';
import { markdownOf } from './markdown.ts';
import { verdictsOf } from './targets.ts';
import { verdictTable } from './verdict-table.ts';

const CHARTS = 'charts';

/** Writes results.json, results.md and charts into the folder, and returns the Markdown. What an earlier run wrote there is replaced. */
export function write(results: readonly CellResult[], folder: string): string {
  const charts = chartsOf(results);
  rmSync(join(folder, CHARTS), { recursive: true, force: true });
  mkdirSync(join(folder, CHARTS), { recursive: true });
  for (const [name, chart] of charts) writeFileSync(join(folder, CHARTS, `${name}.svg`), draw(chart));

  const host = { kernel: release(), cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown' };
  const at = new Date();
  const verdicts = verdictsOf(results);
  const text = [
    '# Figures',
    `Linux ${host.kernel}, ${host.cpus} CPUs (${host.model}), ${at.toISOString().slice(0, 10)}, written by \`./sidestep bench\`. Medians of the rounds, and in brackets their extremes; a ratio is taken within each round.`,
    ...(verdicts.length > 0 ? [`## Targets\n\n${verdictTable(verdicts)}`] : []),
    ...Array.from(charts, ([name, { title }]) => `![${title}](${CHARTS}/${name}.svg)`),
    ...results.map(markdownOf),
    '',
  ].join('\n\n');
  writeFileSync(
    join(folder, 'results.json'),
    `${JSON.stringify({ at, host, verdicts, results }, rounded)}\n`,
  );
  writeFileSync(join(folder, 'results.md'), `${text.trimEnd()}\n`);
  return text;
}

/** To six digits that count: more is noise, and four times the file. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
