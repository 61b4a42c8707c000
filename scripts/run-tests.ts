/** Runs every test there is, stage by stage, and ends with `N passed, N failed`. `--static` runs only the checks that need no kernel. */
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
const chosen = process.argv.includes('--static') ? stages.slice(0, 1) : stages;

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
