import { defineConfig } from 'vitest/config';

/** One worker for all files: starting one takes half a minute in an emulator. */
export default defineConfig({
  test: {
    include: ['apps/server/test/{kernel,dataplane}/**/*.test.ts'],
    fileParallelism: false,
    isolate: false,
    testTimeout: 1_200_000,
    hookTimeout: 600_000,
  },
});
