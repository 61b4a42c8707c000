/** The daemon as it is, but that it makes no probes: those take a second of two processors at each start, and have tests of their own. */
import { fileURLToPath } from 'node:url';
import { createKernelDataPlane } from '../../../src/dataplane/kernel.ts';
import { runDaemon } from '../../../src/run.ts';

const objectPath = fileURLToPath(new URL('../../../../../bpf/build/sidestep.o', import.meta.url));
await runDaemon(process.argv.slice(2), {
  createDataPlane: (options) => createKernelDataPlane({ ...options, objectPath }),
  createExamine: () => async () => [],
});
