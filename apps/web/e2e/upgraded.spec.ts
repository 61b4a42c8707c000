import type { Page } from '@playwright/test';
import { FINE, ON_TCP } from './support/made-checks.ts';
import { expect, test } from './support/signed-in.ts';

/** The daemon of a later version: its words are changed on their way. */
function rephrase(page: Page, change: (words: string) => string): Promise<void> {
  return page.routeWebSocket(/./, (socket) => {
    const daemon = socket.connectToServer();
    daemon.onMessage((words) => socket.send(typeof words === 'string' ? change(words) : words));
  });
}

test('a page that is older than the daemon says so and offers to load anew', async ({
  signedIn: page,
  standIn,
}) => {
  const upgraded = page.getByText('Sidestep was upgraded to 9.0.0');
  await page.goto(standIn.url);
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeEnabled();
  await expect(page.getByText('Sidestep was upgraded')).toHaveCount(0);
  await rephrase(page, (words) => words.replaceAll('"version":"0.1.0"', '"version":"9.0.0"'));
  await page.goto(`${standIn.url}/settings`);
  await expect(upgraded).toBeVisible();
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(upgraded).toBeVisible();
});

test('an outcome that the page does not know is shown by its word', async ({ signedIn: page, standIn }) => {
  standIn.checks = [...FINE, ON_TCP];
  await standIn.services.checkUp.run();
  await rephrase(page, (words) => words.replaceAll('"outcome":"on TCP"', '"outcome":"half"'));
  await page.goto(`${standIn.url}/check-up`);
  const lines = page.getByRole('list', { name: 'What was tested' }).getByRole('listitem');
  await expect(lines).toHaveCount(FINE.length + 1);
  await expect(lines.filter({ hasText: ON_TCP.title })).toContainText('half');
});

// The browser logs what could not be drawn, so this page is one of its own.
test('a room that cannot be drawn leaves the bar and the other rooms', async ({ page, standIn }) => {
  await page.goto(standIn.signInLink());
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
  standIn.checks = FINE;
  await standIn.services.checkUp.run();
  await rephrase(page, (words) => words.replaceAll('"checks":', '"tests":'));
  await page.goto(`${standIn.url}/check-up`);
  await expect(page.getByText('This room could not be drawn')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Reload' })).toBeVisible();
  await page.getByRole('link', { name: 'Connections', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Connections', level: 1 })).toBeVisible();
});
