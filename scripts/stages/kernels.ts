import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillCompileCache } from '../kernels/compile-cache.ts';
import { guestFiles } from '../kernels/guest-files.ts';
import { countResults, table } from '../kernels/results.ts';
import { tryKernel } from '../kernels/try-kernel.ts';
import { root } from './command.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

const FOLDER = join(root, '.sidestep/kernels');
/** A folder for each kernel, as its Debian package unpacks: scripts/kernels.sh puts them there. */
const PACKAGES = join(FOLDER, 'packages');

/** Boots each kernel in an emulator, with the project as it is built, and has it make the checks: each check on each kernel counts as one test. */
export async function kernels(): Promise<Outcome> {
  await fillCompileCache();
  const files = guestFiles();
  const names = readdirSync(PACKAGES).sort();
  // Side by side: each keeps one processor busy, and most tests only a part of it.
  const results = await Promise.all(
    names.map((name) => tryKernel(join(PACKAGES, name), files, join(FOLDER, `${name}.log`))),
  );
  const date = new Date().toISOString().slice(0, 10);
  const report = `${date}, \`sudo ./sidestep test --kernels\`:\n\n${table(results)}`;
  // As it stands in docs/kernels.md.
  writeFileSync(join(FOLDER, 'table.md'), `${report}\n`);
  console.log(`\n${report}`);
  const counts = results.map(countResults);
  const sum = (pick: 'passed' | 'failed') => counts.reduce((total, count) => total + count[pick], 0);
  return outcomeOf({ passed: sum('passed'), failed: sum('failed'), skipped: 0, exitCode: 0 });
}
