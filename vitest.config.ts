import { defineConfig } from 'vitest/config';

const kernel = 'apps/server/test/kernel/**/*.test.ts';

/** `unit` takes as many processors as there are; a test of `kernel` is busy with several processes of its own, and often waits: two at a time. */
export default defineConfig({
  test: {
    projects: [
      'apps/web',
      {
        test: {
          name: 'unit',
          include: ['{apps,packages}/*/{src,test}/**/*.test.ts', 'scripts/test/**/*.test.ts'],
          exclude: ['apps/web/**', kernel, '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: [kernel],
          maxWorkers: 2,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
