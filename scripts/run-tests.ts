/**
 * Runs every test there is, stage by stage, and ends with `N passed, N failed`. `--static` runs only the checks that need no kernel,
 * `--fuzz RUNS` only the fuzz tests, with so many inputs for each property, and `--torture TIME` only the torture run, for so long and with
 * `--plain` without Sidestep, `--kernels` only the checks on other kernels, in an emulator, `--load` only the load run, whose figures go into the
 * folder `--out`, and `--soak TIME` only the soak. `--seed SEED` makes the same random inputs again.
 */
import { parseArgs } from 'node:util';
import { kernels } from './stages/kernels.ts';
import { load } from './stages/load.ts';
import { type Outcome, summary } from './stages/outcome.ts';
import { playwright } from './stages/playwright.ts';
import { staticChecks } from './stages/static-checks.ts';
import { torture } from './stages/torture.ts';
import { vitest } from './stages/vitest.ts';

const { values } = parseArgs({
  options: {
    static: { type: 'boolean' },
    fuzz: { type: 'string' },
    torture: { type: 'string' },
    plain: { type: 'boolean' },
    kernels: { type: 'boolean' },
    load: { type: 'boolean' },
    soak: { type: 'string' },
    out: { type: 'string' },
    seed: { type: 'string' },
  },
});
if (values.seed !== undefined) process.env.SIDESTEP_SEED = values.seed;
if (values.fuzz !== undefined) process.env.SIDESTEP_FUZZ_RUNS = values.fuzz;

type Stage = [name: string, run: () => Promise<Outcome>];
const torturing: Stage = ['Torture', () => torture(values)];
const stages: Stage[] = [
  ['Static checks', staticChecks],
  ['Unit tests', () => vitest(['--project', '!kernel*'])],
  ['Kernel tests', () => vitest(['--project', 'kernel*'])],
  torturing,
  ['Browser tests', playwright],
];
const otherKernels: Stage = ['Kernels', kernels];
const fuzzing: Stage = ['Fuzz tests', () => vitest(['--project', 'unit', 'apps/server/test/fuzz'])];

function chosenStages(): Stage[] {
  if (values.fuzz !== undefined) return [fuzzing];
  if (values.torture !== undefined) return [torturing];
  if (values.kernels) return [otherKernels];
  if (values.load) return [['Load', () => load({ out: values.out })]];
  if (values.soak !== undefined) return [['Soak', () => load({ soak: values.soak })]];
  return values.static ? stages.slice(0, 1) : stages;
}

const results: { name: string; outcome: Outcome; seconds: number }[] = [];
for (const [name, run] of chosenStages()) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const outcome = await run();
  results.push({ name, outcome, seconds: (performance.now() - start) / 1000 });
}
const { text, failed } = summary(results);
console.log(text);
process.exit(failed === 0 ? 0 : 1);
