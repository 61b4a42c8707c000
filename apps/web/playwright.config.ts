import { defineConfig, devices } from '@playwright/test';
import { LAUNCH } from './e2e/support/browser.ts';

export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  outputDir: '../../test-results',
  // Each test has a daemon of its own on a port of its own. More at once would only wait for each other: two cores are what we count on.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  // For what hangs, not for what is slow: on a busy machine an examination by axe alone takes half a minute.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1440, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: LAUNCH,
  },
});
