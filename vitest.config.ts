import { defineConfig } from 'vitest/config';

const kernel = 'apps/server/test/kernel/**/*.test.ts';

/** `unit` runs in parallel; `kernel` takes the whole machine, one test after the other. */
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
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
