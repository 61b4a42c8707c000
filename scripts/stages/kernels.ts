import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { fillCompileCache } from '../kernels/compile-cache.ts';
import { guestFiles } from '../kernels/guest-files.ts';
import { CHECKS, chosenChecks, countResults, type KernelResult, table } from '../kernels/results.ts';
import { tryKernel } from '../kernels/try-kernel.ts';
import { root } from './command.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

const FOLDER = join(root, '.sidestep/kernels');
/** A folder for each kernel, as its Debian package unpacks: scripts/kernels.sh puts them there. */
const PACKAGES = join(FOLDER, 'packages');

/** Boots each kernel in an emulator, with the project as it is built, and has it make the checks: each check on each kernel counts as one test. */
export async function kernels(): Promise<Outcome> {
  const checks = chosenChecks();
  const [names, all] = chosenPackages();
  await fillCompileCache();
  const files = guestFiles();
  const results: KernelResult[] = [];
  // One after the other: each is slow enough with all processors for itself.
  for (const name of names)
    results.push(await tryKernel(join(PACKAGES, name), files, join(FOLDER, `${name}.log`), checks));
  const date = new Date().toISOString().slice(0, 10);
  const report = `${date}, \`sudo ./sidestep test --kernels\`:\n\n${table(results, checks)}`;
  // As it stands in docs/kernels.md.
  if (all && checks.length === CHECKS.length) writeFileSync(join(FOLDER, 'table.md'), `${report}\n`);
  console.log(`\n${report}`);
  const counts = results.map((result) => countResults(result, checks));
  const sum = (pick: 'passed' | 'failed') => counts.reduce((total, count) => total + count[pick], 0);
  return outcomeOf({ passed: sum('passed'), failed: sum('failed'), skipped: 0, exitCode: 0 });
}

/** Those whose names contain what SIDESTEP_KERNELS says, such as 6.1.; and whether that is all of them. */
function chosenPackages(): [names: string[], all: boolean] {
  const names = readdirSync(PACKAGES).sort();
  const wanted = names.filter((name) => name.includes(env.SIDESTEP_KERNELS ?? ''));
  if (wanted.length === 0)
    throw new Error(`No kernel's name contains ${env.SIDESTEP_KERNELS}: there are ${names.join(', ')}.`);
  return [wanted, wanted.length === names.length];
}
