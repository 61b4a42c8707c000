import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import type { CellResult } from './cell.ts';
import { draw } from './charts/draw.ts';
import { chartsOf } from './charts/of-results.ts';
import { markdownOf } from './markdown.ts';
import { verdictsOf } from './targets.ts';
import { verdictTable } from './verdict-table.ts';

const CHARTS = 'charts';

/** Where and when the figures come from. */
export interface Origin {
  readonly kernel: string;
  readonly cpus: number;
  readonly model: string;
  /** Of the last minute before the first measurement. */
  readonly load: number;
  readonly at: Date;
}

/** Above this load somebody else was measured too. */
const QUIET = 0.5;

export function originHere(): Origin {
  const model = cpus()[0]?.model ?? 'unknown';
  const [load = 0] = loadavg();
  return { kernel: release(), cpus: cpus().length, model, load, at: new Date() };
}

/** What to think of figures from a machine that had other things to do; null when it had none. */
export function doubtIn({ load }: Origin): string | null {
  if (load <= QUIET) return null;
  return `The machine was busy (load ${load.toFixed(1)}) when this began, so take the figures for a first impression only.`;
}

/** Makes the folder, so that what takes half an hour can be kept. Throws when it cannot be written into. */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(join(folder, CHARTS), { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`Nothing can be written into ${folder}; choose another folder with --out. ${message}`, {
      cause,
    });
  }
}

/** Writes results.json, results.md and charts into the folder, and returns the Markdown. What an earlier run wrote there is replaced. */
export function write(results: readonly CellResult[], origin: Origin, folder: string): string {
  const charts = chartsOf(results);
  rmSync(join(folder, CHARTS), { recursive: true, force: true });
  prepareFolder(folder);
  for (const [name, chart] of charts) writeFileSync(join(folder, CHARTS, `${name}.svg`), draw(chart));

  const { kernel, cpus, model, at } = origin;
  const doubt = doubtIn(origin);
  const verdicts = verdictsOf(results);
  const text = [
    '# Figures',
    `Linux ${kernel}, ${cpus} CPUs (${model}), ${at.toISOString().slice(0, 10)}, written by \`./sidestep bench\`. Medians of the rounds, and in brackets their extremes; a ratio is taken within each round.`,
    ...(doubt ? [`**${doubt}**`] : []),
    ...(verdicts.length > 0 ? [`## Targets\n\n${verdictTable(verdicts)}`] : []),
    ...Array.from(charts, ([name, { title }]) => `![${title}](${CHARTS}/${name}.svg)`),
    ...results.map(markdownOf),
    '',
  ].join('\n\n');
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify({ origin, verdicts, results }, rounded)}\n`);
  writeFileSync(join(folder, 'results.md'), `${text.trimEnd()}\n`);
  return text;
}

/** To six digits that count: more is noise, and four times the file. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
