import { fileURLToPath } from 'node:url';
import { examineWith } from './check-up/examine.ts';
import { askProcess } from './check-up/probe-process.ts';
import { probesFor } from './check-up/probes/index.ts';
import { runCheckUp } from './check-up/run.ts';
import type { DaemonParts } from './daemon.ts';
import { createKernelDataPlane } from './dataplane/kernel.ts';
import { runPurge } from './purge/purge.ts';
import { runDaemon } from './run.ts';

const built = (name: string) => fileURLToPath(new URL(`../../../bpf/build/${name}`, import.meta.url));
const objectPath = built('sidestep.o');
const createDataPlane: DaemonParts['createDataPlane'] = (options) =>
  createKernelDataPlane({ ...options, objectPath });
const ask = askProcess({ process: built('sidestep-probe'), object: built('probe.o'), programs: objectPath });
const createExamine: DaemonParts['createExamine'] = ({ maxConnections }) =>
  examineWith(probesFor(maxConnections), ask);

const [verb, ...rest] = process.argv.slice(2);
if (verb === 'purge') await runPurge(rest, createDataPlane);
else if (verb === 'check-up') await runCheckUp(createExamine({ maxConnections: null }));
else await runDaemon(process.argv.slice(2), { createDataPlane, createExamine });
