/**
 * The load run: `main.ts [--out DIR]`, and the soak: `main.ts --soak 10m`. Ends with 0 when nothing was lost uncounted and nothing grew, with
 * 1 when something did. docs/load.md says what it does.
 */
import { loadavg } from 'node:os';
import { UsageError } from '../torture/options.ts';
import { parseOptions } from './options.ts';
import { lineOf, write } from './report.ts';
import { FULL, load } from './run.ts';
import { amount, soak } from './soak.ts';

try {
  const { soak: seconds, out } = parseOptions(process.argv.slice(2));
  const failures = seconds === null ? await runLoad(out) : await runSoak(seconds);
  for (const failure of failures) console.log(`\n  ✗ ${failure}`);
  process.exit(failures.length === 0 ? 0 : 1);
} catch (error) {
  process.stderr.write(
    `${error instanceof UsageError ? error.message : ((error as Error).stack ?? error)}\n`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
}

async function runLoad(out: string | null): Promise<readonly string[]> {
  const [busy = 0] = loadavg();
  if (busy > 0.5) console.log(`  The machine is busy (load ${busy.toFixed(1)}): its times say little.`);
  const outcome = await load(FULL, (phase) => console.log(`  ${lineOf(phase)}`));
  const { kernel, numbered } = outcome.account;
  console.log(`  events: ${kernel.sent} by the kernel's count, ${numbered} received, ${kernel.lost} lost`);
  if (out !== null) write(out, outcome, busy);
  return outcome.failures;
}

async function runSoak(seconds: number): Promise<readonly string[]> {
  console.log(`  ${seconds} s, after half a minute or more that does not count`);
  const { rounds, connections, growth, failures } = await soak(seconds);
  console.log(`  ${rounds} rounds, ${connections} connections`);
  for (const [name, { first, grown }] of Object.entries(growth))
    console.log(
      `  ${name}: ${amount(name as keyof typeof growth, first)}, grown by ${amount(name as keyof typeof growth, grown)}`,
    );
  return failures;
}
