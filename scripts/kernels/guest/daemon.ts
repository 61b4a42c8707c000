/** The daemon as it is, but for its probes: what they find on this kernel the first check has found already. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKernelDataPlane } from '../../../apps/server/src/dataplane/kernel.ts';
import { runDaemon } from '../../../apps/server/src/run.ts';
import type { CheckUp } from '../../../packages/shared/src/check-up.ts';
import { CHECK_UP } from './remembered.ts';

const objectPath = join(import.meta.dirname, '../../../bpf/build/sidestep.o');
const { checks } = JSON.parse(readFileSync(CHECK_UP, 'utf8')) as CheckUp;

await runDaemon(process.argv.slice(2), {
  createDataPlane: (options) => createKernelDataPlane({ ...options, objectPath }),
  createExamine: () => async () => checks,
});
