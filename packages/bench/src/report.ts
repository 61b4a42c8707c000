import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import type { CellResult } from './cell.ts';
import { markdownOf } from './markdown.ts';

/** Writes results.json and results.md into the folder, and returns the latter. */
export function write(results: readonly CellResult[], folder: string): string {
  const host = { kernel: release(), cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown' };
  const at = new Date();
  const where = `Linux ${host.kernel}, ${host.cpus} CPUs (${host.model}), ${at.toISOString().slice(0, 10)}. Median of the rounds, and in brackets their extremes; a ratio is taken within each round.`;
  const text = `${['# Figures', where, ...results.map(markdownOf)].join('\n\n')}\n`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify({ at, host, results }, null, 1)}\n`);
  writeFileSync(join(folder, 'results.md'), text);
  return text;
}
