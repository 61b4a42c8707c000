import { runDaemon } from '../../src/run.ts';
import { FakeDataPlane } from './fake-data-plane.ts';

await runDaemon(process.argv.slice(2), {
  createDataPlane: () => new FakeDataPlane(),
  createExamine: () => async () => [],
});
