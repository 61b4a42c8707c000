/**
 * The torture run: `main.ts --for 2m [--seed N] [--plain] [--brief] [--threads N]`. Ends with 0 when not a byte was wrong, lost, doubled or late, with 1
 * and the seed when one was. docs/torture.md says how to read it.
 */
import { parseOptions, UsageError } from './options.ts';
import { figures, replay, undisturbed, unused } from './report.ts';
import { torture } from './run.ts';

try {
  const options = parseOptions(process.argv.slice(2));
  console.log(`  seed ${options.seed}, ${options.seconds} s${options.plain ? ', without Sidestep' : ''}`);
  const outcome = await torture(options, interrupted());
  for (const line of figures(outcome)) console.log(`  ${line}`);
  const failures = [
    ...outcome.failures,
    ...(outcome.failures.length > 0 ? [] : [...unused(outcome), ...undisturbed(outcome)]),
  ];
  for (const failure of failures) console.log(`\n  ✗ ${failure}`);
  if (failures.length > 0) console.log(`\n  The same again: ${replay(options)}`);
  process.exit(failures.length === 0 ? 0 : 1);
} catch (error) {
  process.stderr.write(
    `${error instanceof UsageError ? error.message : ((error as Error).stack ?? error)}\n`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
}

function interrupted(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  return interruption.signal;
}
