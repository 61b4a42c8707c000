/** The daemon with programs of another build: its first argument is their object file. It makes no probes. */
import { runWithoutProbes } from './run-without-probes.ts';

const [objectPath = '', ...args] = process.argv.slice(2);
await runWithoutProbes(args, { objectPath });
