/** The daemon with programs of another build: its first argument is their object file. It makes no probes. */
import { createKernelDataPlane } from '../../../src/dataplane/kernel.ts';
import { runDaemon } from '../../../src/run.ts';

const [objectPath = '', ...args] = process.argv.slice(2);
await runDaemon(args, {
  createDataPlane: (options) => createKernelDataPlane({ ...options, objectPath }),
  createExamine: () => async () => [],
});
