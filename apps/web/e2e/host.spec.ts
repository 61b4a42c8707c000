import { existsSync } from 'node:fs';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { Host } from './support/host.ts';

// One after the other: redis at full speed takes a core.
test.describe.configure({ mode: 'default' });

const CLIENTS = 5;

const theSwitch = (page: Page) => page.getByRole('switch', { name: 'Acceleration' });
const rows = (page: Page) => page.locator('tbody tr');
const go = (page: Page, room: string) =>
  page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: room }).click();

/** The exact number behind a rounded one. */
async function exactOf(figure: Locator): Promise<number> {
  const title = (await figure.first().getAttribute('title')) ?? '';
  return Number(title.replaceAll('\u2009', '').split(' ', 1)[0]);
}

async function expectGrowing(figure: Locator): Promise<void> {
  const before = await exactOf(figure);
  await expect.poll(() => exactOf(figure)).toBeGreaterThan(before);
}

test('the whole loop: sign in, turn on, watch redis take the bypass, turn off', async ({ page }) => {
  await using host = await Host.start('browser');
  const { server, port } = await host.startRedis();

  await page.goto(host.signInLink);
  await expect(theSwitch(page)).not.toBeChecked();
  await theSwitch(page).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByText(/^on since/)).toBeVisible();

  const benchmark = host.startBenchmark(port, CLIENTS);
  await expect(page.getByText(`${CLIENTS} of`)).toBeVisible();
  const totals = page.getByRole('region', { name: 'Totals since it was turned on' });
  await expectGrowing(totals.locator('[title$="messages by the bypass"]'));
  await expect(page.getByRole('region', { name: 'Busiest pairs' })).toContainText(
    /redis-benchmark.*redis-server/s,
  );

  await test.step('its connections have the right names and growing counters', async () => {
    await go(page, 'Connections');
    await page.getByRole('textbox').fill('process:redis-benchmark path:bypass');
    await expect(rows(page)).toHaveCount(CLIENTS);
    for (const row of await rows(page).all()) {
      await expect(row).toContainText(new RegExp(`redis-benchmark.*${benchmark.pid}`));
      await expect(row).toContainText(new RegExp(`redis-server.*${server.pid}.*127\\.0\\.0\\.1:${port}`));
      await expect(row).toContainText('bypass');
    }
    await expectGrowing(rows(page).first().locator('[title$=" bytes"]'));
    await expect
      .poll(() => exactOf(rows(page).first().locator('[title$="messages per second"]')))
      .toBeGreaterThan(100);
  });

  await test.step('paused, it stands still; the filter goes on to filter', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    const bytes = rows(page).first().locator('[title$=" bytes"]');
    const before = await exactOf(bytes);
    await page.waitForTimeout(1500);
    expect(await exactOf(bytes)).toBe(before);
    await page.getByRole('button', { name: 'Resume' }).click();
    await expectGrowing(bytes);
    await page.getByRole('textbox').fill(`port:${port} path:stack`);
    await expect(rows(page)).toHaveCount(0);
    await page.getByRole('textbox').fill(`port:${port}`);
    await expect(rows(page)).toHaveCount(CLIENTS);
  });

  await test.step('the drawer tells how a connection came to the bypass', async () => {
    await rows(page).first().click();
    const history = page.getByRole('dialog').getByRole('listitem');
    await expect(history).toContainText(['established', 'paired', 'bypassed']);
    await page.keyboard.press('Escape');
  });

  await test.step('events arrive', async () => {
    await go(page, 'Events');
    await host.ask(port, 'PING');
    const fromCli = page.getByRole('log').getByRole('button').filter({ hasText: 'redis-cli' });
    await expect(fromCli.filter({ hasText: 'established' })).toHaveCount(1);
    await expect(fromCli.filter({ hasText: 'closed' })).toContainText('redis-server');
    await expect(page.getByTestId('counts')).toContainText(/\d+ received\s*0 lost/);
  });

  await test.step('trace lines arrive once they are switched on', async () => {
    await go(page, 'Trace');
    await page.getByRole('switch', { name: 'Kernel lines' }).click();
    await expect(page.getByRole('switch', { name: 'Kernel lines' })).toBeChecked();
    await host.ask(port, 'PING');
    await expect(page.getByRole('log')).toContainText('sidestep');
    await page.getByRole('switch', { name: 'Kernel lines' }).click();
    await expect(page.getByRole('switch', { name: 'Kernel lines' })).not.toBeChecked();
  });

  await test.step('turned off, nothing is left and nothing is lost', async () => {
    await go(page, 'Overview');
    await theSwitch(page).click();
    await expect(page.getByText(/^off since/)).toBeVisible();
    expect(existsSync(host.daemon.pinDir)).toBe(false);
    await go(page, 'Connections');
    await expect(page.getByRole('heading', { name: 'Connections', exact: true })).toBeVisible();
    await expect(page.getByText('Acceleration is off')).toBeVisible();
    const commands = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await host.ask(port, 'INFO', 'stats'))?.[1]);
    const before = await commands();
    await expect.poll(commands).toBeGreaterThan(before + 1000);
    expect(benchmark.running).toBe(true);
    expect(benchmark.errors).toBe('');
  });
});

test('the daemon killed and back: traffic goes on, the page says so and heals', async ({ page }) => {
  await using host = await Host.start('browser-killed');
  const { port } = await host.startRedis();
  await page.goto(host.signInLink);
  await theSwitch(page).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByText(/^on since/)).toBeVisible();
  const benchmark = host.startBenchmark(port, CLIENTS);
  await go(page, 'Connections');
  await page.getByRole('textbox').fill('process:redis-benchmark path:bypass');
  await expect(rows(page)).toHaveCount(CLIENTS);

  await host.daemon.stop('SIGKILL');
  const banner = page.getByText('The daemon does not answer.');
  await expect(banner).toBeVisible();
  await expect(rows(page)).toHaveCount(CLIENTS);
  expect(benchmark.running).toBe(true);

  await host.daemon.start();
  await expect(banner).toHaveCount(0);
  await expect(rows(page)).toHaveCount(CLIENTS);
  await expectGrowing(rows(page).first().locator('[title$=" bytes"]'));
  await go(page, 'Overview');
  await expect(theSwitch(page)).toBeChecked();
});
