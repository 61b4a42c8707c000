import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { makeConnection } from './support/made-connections.ts';
import { expect, test } from './support/signed-in.ts';
import type { StandIn } from './support/stand-in.ts';

const rows = (page: Page) => page.locator('tbody tr');
const filter = (page: Page) => page.getByRole('textbox', { name: 'Filter connections' });
const matching = (page: Page) => page.getByTestId('matching');

const api = (port: number) => makeConnection({ client: { comm: 'api', pid: 4121, port }, age: 7300 });
const cron = () =>
  makeConnection({
    client: { comm: 'cron', pid: 990, address: '::1', port: 41_000 },
    server: { comm: 'postgres', pid: 77, address: '::1', port: 5432 },
    path: 'stack',
    reason: 'blocking reader',
    age: 3,
  });

/** All that there is, on one page. */
const EVERYTHING = {
  includeClosed: false,
  sort: 'age',
  descending: true,
  offset: 0,
  limit: 500,
} as const;

async function show(standIn: StandIn, page: Page, query = ''): Promise<void> {
  await standIn.services.acceleration.enable();
  await page.goto(`${standIn.url}/connections${query}`);
}

test('a row names both ends, the road of each direction, and why', async ({ signedIn: page, standIn }) => {
  const half = cron();
  half.serverToClient.path = 'bypass';
  half.serverToClient.reason = null;
  standIn.dataPlane.open = [api(50_001), half];
  await show(standIn, page);
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).nth(0)).toContainText(
    /api.*4121.*127\.0\.0\.1:50001.*redis-server.*812.*127\.0\.0\.1:6379.*bypass/,
  );
  await expect(rows(page).nth(0)).toContainText('2\u2009h');
  await expect(rows(page).nth(1)).toContainText(
    /cron.*990.*\[::1\]:41000.*postgres.*stack.*blocking reader.*bypass/,
  );
  await expect(
    rows(page)
      .nth(1)
      .getByTitle(/reads from a blocking socket/),
  ).toHaveText('blocking reader');
  await expect(rows(page).nth(1).getByLabel('client to server')).toBeVisible();
  await expect(rows(page).nth(1).getByLabel('server to client')).toBeVisible();
});

test('rates and totals grow in place', async ({ signedIn: page, standIn }) => {
  const one = api(50_001);
  standIn.dataPlane.open = [one];
  await show(standIn, page);
  const timer = setInterval(() => {
    one.clientToServer.messages.bypass += 100;
    one.clientToServer.bytes.bypass += 12_000;
  }, 100);
  await expect(rows(page).first()).toContainText(/\d\skB\/?/);
  await expect(rows(page).first().locator('[title$="messages per second"]')).not.toHaveText('0');
  clearInterval(timer);
});

test('the filter works as it is typed, lives in the address, and explains what it cannot read', async ({
  signedIn: page,
  standIn,
}) => {
  standIn.dataPlane.open = [api(50_001), api(50_002), cron()];
  await show(standIn, page);
  await expect(matching(page)).toHaveText('3 of 3');
  await page.keyboard.press('/');
  // As fast as a paste: the field must not wait for the address, nor be set back by it.
  await page.keyboard.type('process:cron path:stack reason:"blocking reader" port:5432');
  await expect(matching(page)).toHaveText('1 of 3');
  await expect(rows(page)).toContainText(['cron']);
  await expect(page).toHaveURL(/port%3A5432$/);
  await page.reload();
  await expect(filter(page)).toHaveValue('process:cron path:stack reason:"blocking reader" port:5432');
  await expect(matching(page)).toHaveText('1 of 3');
  await filter(page).fill('process:AP');
  await expect(matching(page)).toHaveText('2 of 3');
  await filter(page).fill('50002');
  await expect(matching(page)).toHaveText('1 of 3');
  await filter(page).fill('path:sideways');
  await expect(page.getByText('“sideways” is no path: bypass or stack.')).toBeVisible();
  await filter(page).fill('nothing like it');
  await expect(page.getByText('No connection matches')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(matching(page)).toHaveText('3 of 3');
  await filter(page).fill('x');
  await filter(page).press('Escape');
  await expect(filter(page)).toHaveValue('');
});

test('columns sort, and a second click turns round', async ({ signedIn: page, standIn }) => {
  standIn.dataPlane.open = [api(50_001), cron()];
  await show(standIn, page);
  await page.getByRole('columnheader', { name: 'Client' }).getByRole('button').click();
  await expect(page.getByRole('columnheader', { name: 'Client' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(rows(page).first()).toContainText('api');
  await page.getByRole('columnheader', { name: 'Client' }).getByRole('button').click();
  await expect(rows(page).first()).toContainText('cron');
  await expect(page).toHaveURL(/sort=-client/);
});

test('no row moves while the pointer is over the table', async ({ signedIn: page, standIn }) => {
  const [slow, fast] = [api(50_001), cron()];
  standIn.dataPlane.open = [slow, fast];
  await show(standIn, page, '?sort=-messageRate');
  let leader = slow;
  const timer = setInterval(() => {
    leader.clientToServer.messages.bypass += 500;
  }, 50);
  await page.mouse.move(10, 10);
  await expect(rows(page).first()).toContainText('api');
  await rows(page).first().hover();
  leader = fast;
  await expect(rows(page).nth(1).locator('[title$="messages per second"]')).not.toHaveText('0');
  await page.waitForTimeout(1500);
  await expect(rows(page).first()).toContainText('api');
  await page.mouse.move(10, 10);
  await expect(rows(page).first()).toContainText('cron');
  clearInterval(timer);
});

test('new rows flash, closed ones fade until the next sort', async ({ signedIn: page, standIn }) => {
  const [first, second] = [api(50_001), cron()];
  standIn.dataPlane.open = [first];
  await show(standIn, page);
  await expect(rows(page)).toHaveCount(1);
  standIn.dataPlane.open = [first, second];
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).filter({ hasText: 'cron' })).toHaveClass(/flash-once/);
  standIn.dataPlane.open = [second];
  await expect(rows(page).filter({ hasText: 'api' })).toContainText('closed');
  await expect(matching(page)).toHaveText('1 of 1');
  await page.getByRole('columnheader', { name: 'Server' }).getByRole('button').click();
  await expect(rows(page)).toHaveCount(1);
});

test('pause holds everything, resume catches up', async ({ signedIn: page, standIn }) => {
  standIn.dataPlane.open = [api(50_001)];
  await show(standIn, page);
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press('p');
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  standIn.dataPlane.open = [api(50_001), cron()];
  await page.waitForTimeout(1500);
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(rows(page)).toHaveCount(2);
});

test('while paused another view is asked for once, and then held', async ({ signedIn: page, standIn }) => {
  standIn.dataPlane.open = [api(50_001), cron()];
  await show(standIn, page);
  await expect(rows(page)).toHaveCount(2);
  await page.keyboard.press('p');
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible();
  await filter(page).fill('process:cron');
  await expect(matching(page)).toHaveText('1 of 2');
  await expect(rows(page)).toContainText(['cron']);
  await filter(page).fill('process:api');
  await expect(rows(page)).toContainText(['api']);
  standIn.dataPlane.open = [api(50_001), api(50_002), cron()];
  await expect(async () => {
    expect((await standIn.services.connections.list({ ...EVERYTHING, process: 'api' })).matching).toBe(2);
  }).toPass();
  await page.waitForTimeout(1500);
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(rows(page)).toHaveCount(2);
});

test('a page past the end gives way to the last', async ({ signedIn: page, standIn }) => {
  standIn.dataPlane.open = Array.from({ length: 700 }, (_, index) =>
    makeConnection({ client: { port: 10_000 + index }, age: 4000 - index }),
  );
  await show(standIn, page, '?page=9');
  await expect(page.getByText('501–700 of 700')).toBeVisible();
  await expect(page).toHaveURL(/page=2$/);
  await expect(page.getByText(':10500')).toBeVisible();
  standIn.dataPlane.open = standIn.dataPlane.open.slice(0, 300);
  await expect(matching(page)).toHaveText('300 of 300');
  await expect(page.getByText(':10000')).toBeVisible();
  await expect(page).not.toHaveURL(/page/);
});

test('where room is short the address gives way, and the port stays in sight', async ({
  signedIn: page,
  standIn,
}) => {
  const address = 'fe80::a8bb:ccff:fedd:eeff';
  standIn.dataPlane.open = [
    makeConnection({
      client: { comm: 'kubelet', pid: 4_194_303, address, port: 50_001 },
      server: { comm: 'redis-server', pid: 812, address, port: 16_379 },
    }),
  ];
  await page.setViewportSize({ width: 720, height: 900 });
  await show(standIn, page);
  for (const [index, name, port] of [
    [0, 'kubelet', ':50001'],
    [1, 'redis-server', ':16379'],
  ] as const) {
    const cell = rows(page).first().locator('td').nth(index);
    const edge = await cell.boundingBox();
    for (const words of [name, port]) {
      const part = cell.getByText(words, { exact: true });
      const box = await part.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((edge?.x ?? 0) + (edge?.width ?? 0));
      expect(await part.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(
        0,
      );
    }
  }
  await rows(page).first().click();
  const shown = page.getByRole('dialog').getByText(`[${address}]:50001`);
  expect(await shown.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
});

test('columns hide, show and resize, and the browser remembers', async ({ signedIn: page, standIn }) => {
  standIn.dataPlane.open = [api(50_001)];
  await show(standIn, page);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Server' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Messages' }).click();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('columnheader', { name: 'Server' })).toHaveCount(0);
  await expect(page.getByRole('columnheader', { name: 'Messages' })).toBeVisible();
  const client = page.getByRole('columnheader', { name: 'Client' });
  const box = await client.boundingBox();
  const edge = await client.getByRole('separator').boundingBox();
  if (!box || !edge) throw new Error('The header is not drawn.');
  await page.mouse.move(edge.x + edge.width / 2, edge.y + edge.height / 2);
  await page.mouse.down();
  await page.mouse.move(edge.x - 100, edge.y + edge.height / 2, { steps: 4 });
  await page.mouse.up();
  await page.reload();
  await expect(page.getByRole('columnheader', { name: 'Server' })).toHaveCount(0);
  await expect(page.getByRole('columnheader', { name: 'Messages' })).toBeVisible();
  expect((await client.boundingBox())?.width).toBeLessThan(box.width - 50);
});

test('the keyboard resizes a column too, and chooses no row meanwhile', async ({
  signedIn: page,
  standIn,
}) => {
  standIn.dataPlane.open = [api(50_001), cron()];
  await show(standIn, page);
  await expect(rows(page)).toHaveCount(2);
  const header = page.getByRole('columnheader', { name: 'Client', exact: true });
  const edge = page.getByRole('separator', { name: 'Width of Client' });
  const width = async () => Math.floor((await header.boundingBox())?.width ?? 0);
  const before = await width();
  await expect(edge).toHaveAttribute('aria-valuenow', String(before));
  // The edge is the next stop after the head that sorts.
  await header.getByRole('button').focus();
  await page.keyboard.press('Tab');
  await expect(edge).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await expect(edge).toHaveAttribute('aria-valuenow', String(before - 16));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect.poll(width).toBe(before + 16);
  for (const [key, limit] of [
    ['Home', 'aria-valuemin'],
    ['End', 'aria-valuemax'],
  ] as const) {
    await page.keyboard.press(key);
    await expect.poll(width).toBe(Number(await edge.getAttribute(limit)));
  }
  await page.keyboard.press('Home');
  await expect(page.locator('tr[aria-selected=true]')).toHaveCount(0);
  await page.reload();
  await expect.poll(width).toBe(Number(await edge.getAttribute('aria-valuemin')));
});

test('what the filter shows can be taken away', async ({ signedIn: page, standIn }) => {
  standIn.dataPlane.open = [api(50_001), api(50_002), cron()];
  await show(standIn, page, '?q=process:api');
  await expect(matching(page)).toHaveText('2 of 3');
  for (const [format, check] of [
    ['CSV', (text: string) => text.trim().split('\r\n').length === 3 && !text.includes('cron')],
    ['JSON', (text: string) => JSON.parse(text).length === 2],
  ] as const) {
    await page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: format }).click(),
    ]);
    expect(file.suggestedFilename()).toBe(`connections.${format.toLowerCase()}`);
    expect(check(await readFile(await file.path(), 'utf8'))).toBe(true);
  }
});

test('arrows choose, Enter opens the history, Esc closes', async ({ signedIn: page, standIn }) => {
  const [first, second] = [api(50_001), cron()];
  standIn.dataPlane.open = [first, second];
  await show(standIn, page);
  await expect(rows(page)).toHaveCount(2);
  standIn.dataPlane.report('established', second);
  standIn.dataPlane.report('paired', second);
  standIn.dataPlane.report('bypassed', second);
  standIn.dataPlane.report('left', second, 'blocking reader');
  await page.getByRole('grid').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(rows(page).nth(1)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog');
  await expect(drawer).toContainText('cron → postgres');
  await expect(drawer.getByRole('region', { name: 'Client', exact: true })).toContainText(
    /cron.*\[::1\]:41000.*pid 990/s,
  );
  await expect(drawer.getByRole('region', { name: 'Client to server' })).toContainText('blocking reader');
  await expect(drawer.getByRole('listitem')).toContainText([
    'established',
    'paired',
    'bypassed',
    'blocking reader',
  ]);
  await expect(page).toHaveURL(new RegExp(`open=${second.id}`));
  await page.keyboard.press('Escape');
  await expect(drawer).toHaveCount(0);
  await page.goto(`${standIn.url}/connections?q=process:api&open=${second.id}`);
  await expect(drawer.getByRole('region', { name: 'Server', exact: true })).toContainText('[::1]:5432');
});

test('the drawer says so when the connection that it shows closes', async ({ signedIn: page, standIn }) => {
  const [first, second] = [api(50_001), cron()];
  standIn.dataPlane.open = [first, second];
  await show(standIn, page);
  await rows(page).filter({ hasText: 'cron' }).click();
  const drawer = page.getByRole('dialog');
  await expect(drawer).toContainText('open for');
  standIn.dataPlane.report('closed', second);
  standIn.dataPlane.open = [first];
  await expect(rows(page).filter({ hasText: 'cron' })).toContainText('closed');
  await expect(drawer).toContainText('closed after');
  await expect(drawer).not.toContainText('open for');
});

test('without the daemon the drawer does not call a connection closed', async ({
  signedIn: page,
  standIn,
}) => {
  const first = api(50_001);
  standIn.dataPlane.open = [first];
  standIn.overrides.connections = {
    watch: (...parts) => standIn.services.connections.watch(...parts),
    list: () => Promise.reject(new Error('no answer')),
  };
  await standIn.stop();
  await standIn.start();
  await page.goto(`${standIn.url}/connections?q=process:nobody&open=${first.id}`);
  await expect(page.getByRole('dialog')).toContainText('The daemon does not answer');
  await expect(page.getByRole('dialog')).not.toContainText('It is closed');
});

test('the way back leads out of the drawer once, and keeps what was filtered meanwhile', async ({
  signedIn: page,
  standIn,
}) => {
  const [first, second] = [api(50_001), cron()];
  standIn.dataPlane.open = [first, second];
  await show(standIn, page);
  const drawer = page.getByRole('dialog');
  for (const name of ['api', 'cron', 'api']) {
    await rows(page).filter({ hasText: name }).click();
    await expect(drawer).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(drawer).toHaveCount(0);
  }
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeAttached();
  await page.goForward();
  await rows(page).filter({ hasText: 'api' }).click();
  await filter(page).fill('process:api');
  await expect(matching(page)).toHaveText('1 of 2');
  await drawer.getByRole('button', { name: 'Close' }).click();
  await expect(drawer).toHaveCount(0);
  await expect(filter(page)).toHaveValue('process:api');
  await expect(matching(page)).toHaveText('1 of 2');
});

test('thousands of rows stay quick: few are drawn, pages lead through all', async ({
  signedIn: page,
  standIn,
}) => {
  standIn.dataPlane.open = Array.from({ length: 3000 }, (_, index) =>
    makeConnection({ client: { port: 10_000 + index }, age: 4000 - index }),
  );
  await show(standIn, page);
  await expect(matching(page)).toHaveText('3\u2009000 of 3\u2009000');
  expect(await rows(page).count()).toBeLessThan(80);
  await page.getByRole('grid').focus();
  await page.keyboard.press('End');
  await expect(page.getByText(':10499')).toBeVisible();
  await page.getByRole('button', { name: 'Next page' }).click();
  await expect(page.getByText('501–1\u2009000 of 3\u2009000')).toBeVisible();
  await expect(page.getByText(':10500')).toBeVisible();
});

test('on a phone each connection takes two lines', async ({ signedIn: page, standIn }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  standIn.dataPlane.open = [api(50_001), cron()];
  await show(standIn, page);
  const list = page.getByRole('list', { name: 'Connections' });
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await expect(list.getByRole('listitem').nth(1)).toContainText(/cron.*postgres.*5432.*blocking reader/s);
  await list.getByRole('button').nth(1).click();
  await expect(page.getByRole('dialog')).toContainText('cron → postgres');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
});

test('with nothing to show it says why', async ({ signedIn: page, standIn }) => {
  await page.goto(`${standIn.url}/connections`);
  await expect(page.getByText('Acceleration is off')).toBeVisible();
  await standIn.services.acceleration.enable();
  await expect(page.getByText('No local connections yet')).toBeVisible();
});
