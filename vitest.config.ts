import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const kernel = 'apps/server/test/kernel/**/*.test.ts';
/**
 * What the data plane measures is the point of some, so nobody else may use the processors; and what a check-up leaves that was killed, every
 * other one removes.
 */
const alone = ['apps/server/test/kernel/{streams,joining-and-leaving,check-up}.test.ts'];

/** What a check-up finds is asked by its own tests, by the torture run and by the browser tests; two hundred daemons need not find it again. */
const withoutProbes = {
  SIDESTEP_DAEMON: join(import.meta.dirname, 'apps/server/test/kernel/support/main-without-probes.ts'),
};

const onTheKernel = { testTimeout: 600_000, hookTimeout: 120_000 };

/**
 * `unit` takes as many processors as there are. A test of `kernel` is busy with several processes of its own, and often waits: two at a time,
 * and those of `kernel-alone` one by one when the others are through.
 */
export default defineConfig({
  test: {
    projects: [
      'apps/web',
      {
        test: {
          name: 'unit',
          include: ['{apps,packages}/*/{src,test}/**/*.test.ts', 'scripts/test/**/*.test.ts'],
          exclude: ['apps/web/**', kernel, '**/node_modules/**'],
          // One less is what it would take by itself.
          maxWorkers: '100%',
          // Guards against what hangs, and measures nothing.
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: [kernel],
          exclude: [...alone, '**/node_modules/**'],
          maxWorkers: 2,
          env: withoutProbes,
          sequence: { groupOrder: 1 },
          ...onTheKernel,
        },
      },
      {
        test: {
          name: 'kernel-alone',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...onTheKernel,
        },
      },
    ],
  },
});
