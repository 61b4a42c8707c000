import { fileURLToPath } from 'node:url';
import { createKernelDataPlane } from '../../../src/dataplane/kernel.ts';
import type { Ways } from '../../../src/dataplane/ways.ts';
import { runDaemon } from '../../../src/run.ts';

const BUILT = fileURLToPath(new URL('../../../../../bpf/build/sidestep.o', import.meta.url));

/** The daemon as it is, with these programs and ways, but that it makes no probes: those take a second of two processors at each start, and have tests of their own. */
export function runWithoutProbes(
  args: readonly string[],
  { objectPath = BUILT, ways }: { readonly objectPath?: string; readonly ways?: Partial<Ways> } = {},
): Promise<void> {
  return runDaemon(args, {
    createDataPlane: (options) => createKernelDataPlane({ ...options, objectPath, ...(ways && { ways }) }),
    createExamine: () => async () => [],
  });
}
