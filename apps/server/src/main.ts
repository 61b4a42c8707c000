import { fileURLToPath } from 'node:url';
import { examineWith } from './check-up/examine.ts';
import { btf } from './check-up/probes/btf.ts';
import type { DaemonParts } from './daemon.ts';
import { createKernelDataPlane } from './dataplane/kernel.ts';
import { runPurge } from './purge/purge.ts';
import { runDaemon } from './run.ts';

const objectPath = fileURLToPath(new URL('../../../bpf/build/sidestep.o', import.meta.url));
const createDataPlane: DaemonParts['createDataPlane'] = (options) =>
  createKernelDataPlane({ ...options, objectPath });
const examine = examineWith([btf()]);

const [verb, ...rest] = process.argv.slice(2);
if (verb === 'purge') await runPurge(rest, createDataPlane);
else await runDaemon(process.argv.slice(2), { createDataPlane, examine });
