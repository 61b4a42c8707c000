import type { Page } from '@playwright/test';
import { makeConnection } from './support/made-connections.ts';
import { alerts, expect, test } from './support/signed-in.ts';
import { StandIn } from './support/stand-in.ts';

const theSwitch = (page: Page) => page.getByRole('switch', { name: 'Acceleration' });
const panel = (page: Page) => page.getByRole('region', { name: 'Acceleration', exact: true });

/** So many connections whose server has not read what waits for it, the newest the most. */
function hold({ dataPlane }: StandIn, count: number): void {
  dataPlane.remaining = 2 * count;
  dataPlane.holding = Array.from({ length: count }, (_, index) => ({
    id: String(index + 1),
    ends: [
      {
        side: 'server',
        address: '127.0.0.1',
        port: 9200,
        pid: 812,
        comm: 'indexer',
        unread: 64_000 * (index + 1),
      },
      { side: 'client', address: '127.0.0.1', port: 40_000 + index, pid: 2214, comm: 'node', unread: 0 },
    ],
  }));
}

test('the first time says what it means before it is done, later times do not', async ({
  signedIn: page,
  standIn,
}) => {
  await theSwitch(page).click();
  await expect(panel(page)).toContainText('tcpdump and netfilter will not see');
  expect(standIn.dataPlane.enabled).toBe(false);
  await page.getByRole('button', { name: 'Not now' }).click();
  await expect(theSwitch(page)).not.toBeChecked();
  await theSwitch(page).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(theSwitch(page)).toBeChecked();
  await theSwitch(page).click();
  await expect(theSwitch(page)).not.toBeChecked();
  await expect.poll(() => standIn.dataPlane.enabled).toBe(false);
  await theSwitch(page).click();
  await expect(theSwitch(page)).toBeChecked();
  await expect(panel(page)).toContainText('on since');
});

test('while the kernel is changed the switch shows where it goes and how far it is', async ({
  signedIn: page,
  standIn,
}) => {
  standIn.dataPlane.stopAt = 'attaching';
  await theSwitch(page).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(panel(page)).toContainText('Turning on');
  await expect(page.getByRole('listitem').filter({ hasText: 'attaching' })).toHaveAttribute(
    'aria-current',
    'step',
  );
  await expect(theSwitch(page)).toHaveAttribute('aria-busy', 'true');
  await expect(theSwitch(page)).toBeChecked();
  await expect(theSwitch(page)).toBeDisabled();
  standIn.dataPlane.proceed();
  await expect(panel(page)).toContainText('on since');
  await expect(theSwitch(page)).toHaveAttribute('aria-busy', 'false');
});

test('turning off asks nothing, tells how many are left, and can be taken back', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.services.acceleration.enable();
  await expect(theSwitch(page)).toBeChecked();
  hold(standIn, 12);
  await theSwitch(page).click();
  await expect(panel(page)).toContainText('Turning off');
  await expect(panel(page)).toContainText('12 connections still empty their queues');
  hold(standIn, 1);
  await expect(panel(page)).toContainText('1 connection still empties its queues');
  await expect(theSwitch(page)).toHaveAttribute('aria-busy', 'true');
  await page.evaluate(() => localStorage.setItem('sidestep.informed', 'true'));
  await page.reload();
  await theSwitch(page).click();
  await expect(panel(page)).toContainText('on since');
  hold(standIn, 0);
  await theSwitch(page).click();
  await expect(panel(page)).toContainText('off since');
});

test('readers that hold turning off up are named, and reset only when somebody types how many', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.services.acceleration.enable();
  await expect(theSwitch(page)).toBeChecked();
  hold(standIn, 7);
  await theSwitch(page).click();
  await expect(panel(page)).toContainText(
    'indexer (process 812) has not read 64\u2009kB from node (process 2214).',
  );
  await expect(panel(page)).toContainText('and 2 more');
  await page.getByRole('button', { name: 'Reset 7 connections…' }).click();

  const dialog = page.getByRole('dialog', { name: 'Reset 7 connections?' });
  await expect(dialog).toContainText('Both programs see the error');
  const reset = dialog.getByRole('button', { name: 'Reset 7 connections' });
  await expect(reset).toBeDisabled();
  await dialog.getByRole('textbox').fill('reset 70');
  await expect(reset).toBeDisabled();
  await dialog.getByRole('textbox').press('Enter');
  await dialog.getByRole('button', { name: 'Go on waiting' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(panel(page)).toContainText('Turning off');
  expect(standIn.dataPlane.holding).toHaveLength(7);

  await page.getByRole('button', { name: 'Reset 7 connections…' }).click();
  await dialog.getByRole('textbox').fill('Reset 7');
  await reset.click();
  await expect(panel(page)).toContainText('off since');
  await expect(dialog).toHaveCount(0);
  expect(standIn.dataPlane.holding).toHaveLength(0);
});

test('a failure says first what to do, and folds the kernel’s words away', async ({
  signedIn: page,
  standIn,
}) => {
  standIn.dataPlane.fail(
    'The kernel refused the program.',
    'Update to Linux 6.1 or newer.',
    'R1 invalid mem access',
  );
  await theSwitch(page).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  const alert = alerts(page);
  await expect(panel(page)).toContainText('Failed');
  await expect(panel(page), 'nothing ran that could lose anything').not.toContainText('0 lost');
  await expect(alert).toContainText(/Update to Linux 6\.1 or newer\..*The kernel refused the program\./s);
  await expect(theSwitch(page)).not.toBeChecked();
  await expect(page.getByText('R1 invalid mem access')).toBeHidden();
  await page.getByText('The kernel’s own words').click();
  await expect(page.getByText('R1 invalid mem access')).toBeVisible();
  standIn.dataPlane.failure = null;
  await theSwitch(page).click();
  await expect(panel(page)).toContainText('on since');
  await expect(alert).toHaveCount(0);
});

test('a failure is not told any more once somebody else turned it on', async ({
  signedIn: page,
  standIn,
}) => {
  standIn.dataPlane.fail('The kernel refused the program.', 'Update to Linux 6.1 or newer.', null);
  await theSwitch(page).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(panel(page)).toContainText('Failed');
  await expect(alerts(page)).toHaveCount(1);
  const totals = page.getByRole('region', { name: 'Totals since it was turned on' });
  await expect(totals, 'what was never counted is not zero').toContainText('not counted');
  standIn.dataPlane.failure = null;
  await standIn.services.acceleration.enable();
  await expect(panel(page)).toContainText('on since');
  await expect(alerts(page)).toHaveCount(0);
});

test('a browser whose clock is behind still sees who holds turning off up', async ({
  signedIn: page,
  standIn,
}) => {
  await page.clock.install({ time: Date.now() - 600_000 });
  await page.reload();
  await standIn.services.acceleration.enable();
  await expect(theSwitch(page)).toBeChecked();
  hold(standIn, 1);
  await theSwitch(page).click();
  await expect(page.getByRole('button', { name: 'Reset 1 connection…' })).toBeVisible();
});

test('a host that lacks something shows what, before anybody tries', async ({ page }) => {
  await using standIn = await StandIn.start((one) => {
    const status = async () => ({
      ...(await one.services.acceleration.status()),
      failure: {
        message: 'No bpf file system is mounted.',
        remedy: 'mount -t bpf bpf /sys/fs/bpf',
        log: null,
      },
    });
    one.overrides.acceleration = {
      status,
      async *watch(signal) {
        yield await status();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
      enable: status,
      disable: status,
    };
  });
  await page.goto(standIn.signInLink());
  await expect(panel(page)).toContainText('Not available on this host');
  await expect(alerts(page)).toContainText('mount -t bpf bpf /sys/fs/bpf');
});

test('the share of helped connections leads to the others and their reasons', async ({
  signedIn: page,
  standIn,
}) => {
  const bypassing = Array.from({ length: 3 }, () => makeConnection());
  const blocking = Array.from({ length: 2 }, () =>
    makeConnection({ path: 'stack', reason: 'blocking reader' }),
  );
  standIn.dataPlane.open = [
    ...bypassing,
    ...blocking,
    makeConnection({ path: 'stack', reason: 'streaming' }),
  ];
  await standIn.services.acceleration.enable();
  await expect(panel(page)).toContainText('3 of 6 local connections take the bypass');
  const reasons = page.getByRole('region', { name: 'On the stack, by reason' });
  await expect(reasons.getByRole('listitem').first()).toContainText('blocking reader');
  await page.getByRole('link', { name: 'why not 3?' }).click();
  await expect(page.getByTestId('matching')).toHaveText('3 of 6');
  await page.goBack();
  await reasons.getByRole('link', { name: 'blocking reader 2 connections' }).click();
  await expect(page.getByTestId('matching')).toHaveText('2 of 6');
  await expect(page.getByRole('textbox')).toHaveValue('reason:"blocking reader"');
  await page.goBack();
  await reasons.getByRole('link', { name: 'What “streaming” means' }).click();
  await expect(page.getByText('Data flows without waiting for answers')).toBeInViewport();
});

test('the overview counts what flows, and gives every digit on hover', async ({
  signedIn: page,
  standIn,
}) => {
  const { dataPlane } = standIn;
  await standIn.services.acceleration.enable();
  dataPlane.bytes = { bypass: 1_240_312, stack: 38_000 };
  dataPlane.messages = { bypass: 45_000, stack: 120 };
  const totals = page.getByRole('region', { name: 'Totals since it was turned on' });
  await expect(totals).toContainText('1.24\u2009MB');
  await expect(totals.getByTitle('1\u2009240\u2009312 bytes by the bypass')).toBeVisible();
  const timer = setInterval(() => {
    dataPlane.messages.bypass += 5000;
  }, 50);
  const roads = page.getByRole('region', { name: 'What each road carries now' });
  await expect(roads).toContainText(/\d{2,3}\sk\s?msg\/s/);
  clearInterval(timer);
  const chart = page.getByRole('region', { name: 'Messages per second' });
  await expect(chart.locator('path.recharts-area-curve')).toHaveCount(2);
  await expect(chart.getByText('enabled')).toBeVisible();
  await page.getByRole('radio', { name: '1 h' }).click();
  await expect(chart).toBeVisible();
});

test('the charts share a cursor: each says what it was at the moment under the pointer', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.services.acceleration.enable();
  standIn.dataPlane.open = [makeConnection()];
  const charts = ['Messages per second', 'Bytes per second', 'Open connections', 'Events per second'];
  const chart = (name: string) => page.getByRole('region', { name });
  await expect(chart('Open connections').locator('path.recharts-area-curve')).toHaveCount(2);
  await expect(async () => {
    // Where the lines end: the newest moments are all that there are.
    const box = await chart('Messages per second').boundingBox();
    await chart('Messages per second').hover({ position: { x: (box?.width ?? 0) - 90, y: 90 } });
    for (const name of charts) {
      await expect(chart(name).getByText(/^\d\d:\d\d:\d\d$/)).toBeVisible({ timeout: 500 });
    }
  }).toPass();
});

test('charts keep their place from before they are drawn, and one that cannot be drawn says so', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.services.acceleration.enable();
  const chart = page.getByRole('region', { name: 'Messages per second' });
  await expect(chart.locator('path.recharts-area-curve')).toHaveCount(2);
  const height = async () => (await chart.boundingBox())?.height;
  const drawn = await height();
  const waiting = Promise.withResolvers<void>();
  await page.route('**/*.js', async (route) => {
    const response = await route.fetch();
    if (!(await response.text()).includes('recharts-area')) return route.fulfill({ response });
    await waiting.promise;
    await route.abort();
  });
  await page.reload();
  await expect(chart).toBeVisible();
  expect(await height()).toBe(drawn);
  waiting.resolve();
  await expect(chart).toContainText('The chart could not be loaded. Reload the page.');
  expect(await height()).toBe(drawn);
  await expect(panel(page)).toContainText('on since');
});

test('while it is off nothing is counted, and the page does not say zero', async ({ signedIn: page }) => {
  await expect(page.getByRole('region', { name: 'What each road carries now' })).toContainText('not counted');
  await expect(page.getByRole('region', { name: 'Busiest pairs' })).toContainText('Acceleration is off');
  await expect(page.getByRole('region', { name: 'On the stack, by reason' })).toContainText(
    'Acceleration is off',
  );
  await expect(page.getByRole('region', { name: 'Messages per second' })).toContainText(
    'Not counted while off.',
  );
});

test('a chart’s lines end where it was turned off, and say nothing of now', async ({
  signedIn: page,
  standIn,
}) => {
  const chart = page.getByRole('region', { name: 'Messages per second' });
  const lines = chart.locator('path.recharts-area-curve');
  await standIn.services.acceleration.enable();
  await expect(lines).toHaveCount(2);
  await expect(chart.getByText('bypass')).toBeVisible();
  await standIn.services.acceleration.disable();
  await expect(chart.getByText('bypass')).toHaveCount(0, { timeout: 30_000 });
  await expect(lines).toHaveCount(2);
  await expect(chart.getByText('disabled')).toBeVisible();
  await standIn.services.acceleration.enable();
  await expect(chart.getByText('bypass')).toBeVisible();
});
