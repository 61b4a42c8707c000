/** The daemon, but that it makes no probes. */
import { runWithoutProbes } from './run-without-probes.ts';

await runWithoutProbes(process.argv.slice(2));
