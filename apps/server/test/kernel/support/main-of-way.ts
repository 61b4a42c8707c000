/** The daemon that goes these ways, its first argument in JSON, and for the rest those of the kernel. It makes no probes. */
import { fileURLToPath } from 'node:url';
import { createKernelDataPlane } from '../../../src/dataplane/kernel.ts';
import type { Ways } from '../../../src/dataplane/ways.ts';
import { runDaemon } from '../../../src/run.ts';

const objectPath = fileURLToPath(new URL('../../../../../bpf/build/sidestep.o', import.meta.url));
const [json = '{}', ...args] = process.argv.slice(2);
const ways = JSON.parse(json) as Partial<Ways>;
await runDaemon(args, {
  createDataPlane: (options) => createKernelDataPlane({ ...options, objectPath, ways }),
  createExamine: () => async () => [],
});
