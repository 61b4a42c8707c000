import { fileURLToPath } from 'node:url';
import { createKernelDataPlane } from './dataplane/kernel.ts';
import { runDaemon } from './run.ts';

const objectPath = fileURLToPath(new URL('../../../bpf/build/sidestep.o', import.meta.url));

await runDaemon(process.argv.slice(2), (options) => createKernelDataPlane({ ...options, objectPath }));
