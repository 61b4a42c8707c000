/** The daemon that visits sockets in one way only, its first argument. It makes no probes. */
import { fileURLToPath } from 'node:url';
import { createKernelDataPlane } from '../../../src/dataplane/kernel.ts';
import type { Way } from '../../../src/dataplane/visit.ts';
import { runDaemon } from '../../../src/run.ts';

const objectPath = fileURLToPath(new URL('../../../../../bpf/build/sidestep.o', import.meta.url));
const [way, ...args] = process.argv.slice(2);
await runDaemon(args, {
  createDataPlane: (options) => createKernelDataPlane({ ...options, objectPath, ways: [way as Way] }),
  createExamine: () => async () => [],
});
