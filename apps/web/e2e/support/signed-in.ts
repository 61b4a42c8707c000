import { test as base, expect, type Page } from '@playwright/test';
import { StandIn } from './stand-in.ts';

interface Fixtures {
  standIn: StandIn;
  /** A page of a browser that is signed in, with nothing open yet. */
  signedIn: Page;
}

/** Tests against the stand-in, whose page must not log an error. */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
  standIn: async ({}, use) => {
    await using standIn = await StandIn.start();
    await use(standIn);
  },
  signedIn: async ({ page, standIn }, use) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      // Tests take the daemon away and ask for what is not there, which the browser logs.
      if (message.type() === 'error' && !/Failed to load resource|WebSocket/.test(message.text())) {
        errors.push(message.text());
      }
    });
    await page.goto(standIn.signInLink());
    await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
    await use(page);
    expect(errors).toEqual([]);
  },
});

/** What the page tells in a way that cannot be overlooked; the framework keeps an alert of its own for screen readers. */
export const alerts = (page: Page) => page.locator('[role=alert]:not(#__next-route-announcer__)');

export { expect };
