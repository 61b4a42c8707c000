import type { Page } from '@playwright/test';
import { keptPorts } from './support/kept-ports.ts';
import { makeConnection } from './support/made-connections.ts';
import { alerts, expect, test } from './support/signed-in.ts';

/** From a second ahead on, which is where the page's clock goes at once, nothing that waits by it comes any more. */
async function stopTheClock(page: Page): Promise<void> {
  // Where that second passes meanwhile the clock has stopped all the same, and the next try finds it so.
  await expect(async () => {
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
  }).toPass();
}

test('losing the daemon shows at once, and heals by itself', async ({ signedIn: page, standIn }) => {
  await standIn.services.acceleration.enable();
  standIn.dataPlane.open = [makeConnection()];
  await page.clock.install();
  await page.goto(`${standIn.url}/connections`);
  await expect(page.locator('tbody tr')).toHaveCount(1);
  // By the socket that closed, not by an answer that did not come in time.
  await stopTheClock(page);
  await standIn.stop();
  const banner = alerts(page).filter({ hasText: 'The daemon does not answer' });
  await expect(banner).toBeVisible();
  await page.clock.resume();
  await expect(page.getByText(/What you see is \d+\ss old/)).toBeVisible();
  await expect(page.getByText(/next try in \d\ss/)).toBeVisible();
  await expect(banner, 'what ticks is not read out each second').not.toContainText('What you see');
  await expect(page.getByText('not live')).toBeVisible();
  await expect(page.locator('main'), 'what is old is grey').toHaveCSS('filter', 'grayscale(1)');
  await expect(page.locator('tbody tr')).toHaveCount(1);
  standIn.dataPlane.open = [makeConnection(), makeConnection()];
  await standIn.start();
  await expect(banner).toHaveCount(0);
  await expect(page.locator('tbody tr')).toHaveCount(2);
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  await expect(page.locator('main')).toHaveCSS('filter', 'none');
});

test('the switch is out of reach while nobody would hear it', async ({ signedIn: page, standIn }) => {
  // Before it knows the state it is out of reach, too.
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeEnabled();
  await standIn.stop();
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeDisabled();
  await standIn.start();
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeEnabled();
});

test('nothing that is clicked while the daemon is away happens when it is back', async ({
  signedIn: page,
  standIn,
}) => {
  await page.goto(`${standIn.url}/settings`);
  const readers = page.getByRole('switch', { name: 'Allow blocking readers' });
  const { ports, save } = keptPorts(page);
  await expect(readers).toBeEnabled();
  await ports.fill('6379');
  await standIn.stop();
  await expect(readers).toBeDisabled();
  await expect(save).toBeDisabled();
  await ports.press('Enter');
  await readers.click({ force: true });
  await standIn.start();
  await expect(readers).toBeEnabled();
  const { allowBlockingReaders, keepOnStack } = await standIn.services.settings.get();
  expect({ allowBlockingReaders, keepOnStack }).toEqual({ allowBlockingReaders: false, keepOnStack: [] });

  await page.goto(`${standIn.url}/trace`);
  const lines = page.getByRole('switch', { name: 'Kernel lines' });
  await expect(lines).toBeEnabled();
  await standIn.stop();
  await expect(lines).toBeDisabled();
  await lines.click({ force: true });
  await standIn.start();
  await expect(lines).toBeEnabled();
  expect(standIn.trace.on).toBe(false);
});

test('a reset that is confirmed while the daemon is away does not happen when it is back', async ({
  signedIn: page,
  standIn,
}) => {
  const end = { address: '127.0.0.1', port: 9200, pid: 812, comm: 'indexer' };
  standIn.dataPlane.remaining = 2;
  standIn.dataPlane.holding = [
    {
      id: '1',
      ends: [
        { ...end, side: 'server', unread: 64_000 },
        { ...end, side: 'client', unread: 0 },
      ],
    },
  ];
  await standIn.services.acceleration.enable();
  const theSwitch = page.getByRole('switch', { name: 'Acceleration' });
  await expect(theSwitch).toBeChecked();
  await theSwitch.click();
  await page.getByRole('button', { name: 'Reset 1 connection…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Reset 1 connection?' });
  const reset = dialog.getByRole('button', { name: 'Reset 1 connection' });
  await dialog.getByRole('textbox').fill('reset 1');
  await expect(reset).toBeEnabled();
  await standIn.stop();
  await expect(reset).toBeDisabled();
  await dialog.getByRole('textbox').press('Enter');
  await expect(dialog).toBeVisible();
  await standIn.start();
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  expect(standIn.dataPlane.holding).toHaveLength(1);
});

test('who does not want to wait for the next try need not', async ({ signedIn: page, standIn }) => {
  await page.clock.install();
  await standIn.stop();
  const button = page.getByRole('button', { name: 'Try now' });
  await expect(button).toBeEnabled();
  // So that no try comes by itself.
  await stopTheClock(page);
  await expect(button).toBeEnabled();
  await standIn.start();
  const tried = page.waitForRequest('**/api/session');
  await button.click();
  await tried;
  await page.clock.resume();
  await expect(page.getByText('live', { exact: true })).toBeVisible();
});

test('events that came meanwhile are shown once, in their place', async ({ signedIn: page, standIn }) => {
  await standIn.services.acceleration.enable();
  await page.goto(`${standIn.url}/events`);
  const closed = (comm: string) => standIn.dataPlane.report('closed', makeConnection({ client: { comm } }));
  closed('before');
  const log = page.getByRole('log');
  await expect(log).toContainText('before');
  await standIn.stop();
  closed('meanwhile');
  await standIn.start();
  closed('after');
  await expect(log.getByRole('button').filter({ hasText: 'closed' })).toContainText(
    ['meanwhile', 'before'].map((name) => new RegExp(name)),
  );
  await expect(log).toContainText('after');
  await expect(log).not.toContainText('not shown');
});

test('a page that is opened while the daemon is away waits for it', async ({ signedIn: page, standIn }) => {
  await page.route('**/api/session', (route) => route.abort());
  await page.goto(`${standIn.url}/`);
  await expect(alerts(page)).toContainText('The daemon does not answer');
  await expect(page.getByText('What you see')).toHaveCount(0);
  await page.unroute('**/api/session');
  await expect(page.getByText('live', { exact: true })).toBeVisible();
});

test('a session that ended leads to the way in', async ({ signedIn: page, standIn, context }) => {
  await context.clearCookies();
  await standIn.stop();
  await standIn.start();
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
});
