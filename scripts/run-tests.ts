/**
 * Runs every test there is, stage by stage, and ends with `N passed, N failed`. `--static` runs only the checks that need no kernel,
 * `--fuzz RUNS` only the fuzz tests, with so many inputs for each property. `--seed SEED` makes the same random inputs again.
 */
import { parseArgs } from 'node:util';
import { type Outcome, summary } from './stages/outcome.ts';
import { playwright } from './stages/playwright.ts';
import { staticChecks } from './stages/static-checks.ts';
import { vitest } from './stages/vitest.ts';

const stages: [name: string, run: () => Promise<Outcome>][] = [
  ['Static checks', staticChecks],
  ['Unit tests', () => vitest(['--project', '!kernel'])],
  ['Kernel tests', () => vitest(['--project', 'kernel'])],
  ['Browser tests', playwright],
];
const { values } = parseArgs({
  options: { static: { type: 'boolean' }, fuzz: { type: 'string' }, seed: { type: 'string' } },
});
if (values.seed !== undefined) process.env.SIDESTEP_SEED = values.seed;
if (values.fuzz !== undefined) process.env.SIDESTEP_FUZZ_RUNS = values.fuzz;
const fuzzing: typeof stages = [['Fuzz tests', () => vitest(['--project', 'unit', 'apps/server/test/fuzz'])]];
const chosen = values.fuzz !== undefined ? fuzzing : values.static ? stages.slice(0, 1) : stages;

const results: { name: string; outcome: Outcome; seconds: number }[] = [];
for (const [name, run] of chosen) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const outcome = await run();
  results.push({ name, outcome, seconds: (performance.now() - start) / 1000 });
}
const { text, failed } = summary(results);
console.log(text);
process.exit(failed === 0 ? 0 : 1);
