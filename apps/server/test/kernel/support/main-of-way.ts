/** The daemon that goes these ways, its first argument in JSON, and for the rest those of the kernel. It makes no probes. */
import type { Ways } from '../../../src/dataplane/ways.ts';
import { runWithoutProbes } from './run-without-probes.ts';

const [json = '{}', ...args] = process.argv.slice(2);
await runWithoutProbes(args, { ways: JSON.parse(json) as Partial<Ways> });
