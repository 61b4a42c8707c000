import { resolve } from 'node:path';
import { Bed } from './bed.ts';
import type { CellResult, Plan } from './cell.ts';
import { CELLS } from './cells.ts';
import { type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { Progress, spanWords } from './progress.ts';
import { doubtIn, originHere, prepareFolder, write } from './report.ts';

const NAMES = CELLS.map(({ name }) => name);

try {
  const options = parseOptions(process.argv.slice(2), NAMES);
  if (options) await run(options);
  else process.stdout.write(USAGE.replace('CELLS', NAMES.join(', ')));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  // Not only its code: a measurement that was interrupted may go on asking a daemon that is gone.
  process.exit(error instanceof UsageError ? 2 : 1);
}

/** A target that is not reached is a result; traffic that Sidestep harmed is a failure. */
async function run(options: Options): Promise<void> {
  prepareFolder(options.out);
  const origin = originHere();
  const doubt = doubtIn(origin);
  if (doubt) process.stderr.write(`${doubt}\n`);
  const results = await measure(options);
  process.stdout.write(write(results, origin, options.out));
  process.stderr.write(`Written to ${resolve(options.out)}.\n`);
  const harmed = results
    .flatMap(({ points }) => points.flatMap(({ measured }) => measured.Sidestep ?? []))
    .filter(({ trouble }) => trouble !== null).length;
  if (harmed > 0) throw new Error(`${harmed} measurements of Sidestep went wrong; see above.`);
}

async function measure(options: Options): Promise<CellResult[]> {
  const plans = CELLS.filter(({ name }) => options.cells.length === 0 || options.cells.includes(name))
    .map((cell) => cell.plan(options))
    .filter((plan) => plan !== null);
  if (plans.length === 0)
    throw new UsageError('Nothing is left to measure; choose more cells, sizes or variants.');
  const seconds = plans.reduce((sum, plan) => sum + plan.seconds, 0);
  process.stderr.write(`This should take ${spanWords(seconds)}.\n`);

  const interrupted = new AbortController();
  const interruption = new Promise<never>((_, reject) => {
    // Whoever ends a whole group of processes sends it to us twice, and the second one must not end us before all is removed.
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        interrupted.abort(new Error('Interrupted; what was set up has been removed.'));
        reject(interrupted.signal.reason);
      });
  });
  await using bed = await Promise.race([Bed.make(), interruption]);
  return await Promise.race([runAll(plans, bed, new Progress(seconds), interrupted.signal), interruption]);
}

/** Ends with an error at the next step when the signal aborts; what runs in the bed ends with the bed. */
async function runAll(
  plans: readonly Plan[],
  bed: Bed,
  progress: Progress,
  signal: AbortSignal,
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  for (const plan of plans)
    results.push(
      await plan.run(bed, (seconds, words) => {
        signal.throwIfAborted();
        process.stderr.write(`${progress.step(seconds).padEnd(20)} ${words}\n`);
      }),
    );
  return results;
}
