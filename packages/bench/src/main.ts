import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { Bed } from './bed.ts';
import type { Cell, CellResult } from './cell.ts';
import { idleDaemon } from './idle-daemon.ts';
import { markdownOf } from './markdown.ts';
import { type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { requestResponse } from './request-response.ts';

const CELLS: readonly Cell[] = [requestResponse, idleDaemon];

try {
  const names = CELLS.map(({ name }) => name);
  const options = parseOptions(process.argv.slice(2), names);
  if (options) await report(options);
  else process.stdout.write(USAGE);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function report(options: Options): Promise<void> {
  const host = { kernel: release(), cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown' };
  const results = await measure(options);
  const where = `Linux ${host.kernel}, ${host.cpus} CPUs (${host.model})`;
  process.stdout.write(`${[where, ...results.map(markdownOf)].join('\n\n')}\n`);
  if (options.json)
    writeFileSync(options.json, `${JSON.stringify({ at: new Date(), host, results }, null, 2)}\n`);
}

async function measure({ cells, rounds, seconds }: Options): Promise<CellResult[]> {
  const onProgress = (words: string) => process.stderr.write(`${words}\n`);
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error('Interrupted; what was set up is being removed.')));
  });
  await using bed = await Promise.race([Bed.make(), interrupted]);
  const results: CellResult[] = [];
  for (const cell of CELLS) {
    if (cells.length > 0 && !cells.includes(cell.name)) continue;
    const measuring = cell.measure(bed, { rounds, seconds, onProgress });
    // Interrupted, nobody waits for it any more, and it fails when its programs are taken away.
    measuring.catch(() => {});
    results.push(await Promise.race([measuring, interrupted]));
  }
  return results;
}
