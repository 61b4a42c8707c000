import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { makeConnection } from './support/made-connections.ts';
import { expect, test } from './support/signed-in.ts';
import type { StandIn } from './support/stand-in.ts';

const log = (page: Page) => page.getByRole('log');
const lines = (page: Page, text: string | RegExp) => log(page).getByRole('button').filter({ hasText: text });

/** One closed connection for each name, so that every line can be told apart. */
function close(standIn: StandIn, ...names: string[]): void {
  for (const comm of names) standIn.dataPlane.report('closed', makeConnection({ client: { comm } }));
}

/** Three events come and are gone with their daemon while the page is away, then one that it sees. */
async function missThree(page: Page, standIn: StandIn, report: () => void): Promise<void> {
  await page.route('**/api/session', (route) => route.abort());
  await standIn.stop();
  await standIn.start();
  report();
  await expect(async () => {
    const { events } = await standIn.services.events.list({ limit: 10 });
    expect(events).toHaveLength(3);
  }).toPass();
  await standIn.stop();
  await standIn.start();
  close(standIn, 'after');
  await page.unroute('**/api/session');
  await expect(lines(page, 'after')).toBeVisible();
}

test.beforeEach(async ({ signedIn: page, standIn }) => {
  await standIn.services.acceleration.enable();
  await page.goto(`${standIn.url}/events`);
  await expect(log(page)).toContainText('enabled');
});

test('events arrive, newest on top, with names, reasons and totals', async ({ signedIn: page, standIn }) => {
  const connection = makeConnection();
  standIn.dataPlane.report('established', connection);
  standIn.dataPlane.report('left', connection, 'streaming');
  connection.clientToServer.bytes.bypass = 1_500_000;
  standIn.dataPlane.report('closed', connection);
  await expect(lines(page, 'closed')).toContainText(/redis-benchmark.*redis-server.*:6379.*1\.5\sMB/);
  await expect(lines(page, 'left')).toContainText('streaming');
  const top = async (text: string) => (await lines(page, text).boundingBox())?.y ?? 0;
  expect(await top('closed')).toBeLessThan(await top('established'));
  await expect(lines(page, 'closed').locator('time')).toHaveAttribute('title', /\d\d:\d\d:\d\d\.\d{3}$/);
  await lines(page, 'left').click();
  await expect(page.getByRole('dialog')).toContainText('redis-benchmark → redis-server');
});

test('the overview shows the last of them, and leads to their connections', async ({
  signedIn: page,
  standIn,
}) => {
  await page.goto(standIn.url);
  close(standIn, 'earlier');
  close(standIn, 'later');
  const panel = page.getByRole('region', { name: 'Just now' });
  await expect(panel.getByRole('button')).toContainText([/later/, /earlier/]);
  await panel.getByRole('button').filter({ hasText: 'earlier' }).click();
  await expect(page).toHaveURL(/connections\?open=\d+/);
  await expect(page.getByRole('dialog')).toContainText('earlier → redis-server');
});

test('kinds are chosen, and the choice lives in the address', async ({ signedIn: page, standIn }) => {
  const connection = makeConnection();
  standIn.dataPlane.report('established', connection);
  standIn.dataPlane.report('left', connection, 'streaming');
  await expect(lines(page, 'left')).toBeVisible();
  await page.getByRole('button', { name: 'left' }).first().click();
  await expect(lines(page, 'established')).toHaveCount(0);
  await expect(lines(page, 'left')).toHaveCount(1);
  await expect(page).toHaveURL(/kinds=left/);
  standIn.dataPlane.report('established', makeConnection());
  standIn.dataPlane.report('left', makeConnection(), 'queue full');
  await expect(lines(page, 'queue full')).toBeVisible();
  await expect(lines(page, 'established')).toHaveCount(0);
  await page.reload();
  await expect(lines(page, 'left')).toHaveCount(2);
  await page.goto(`${standIn.url}/events?kinds=upgraded`);
  await expect(log(page)).toContainText('No event of these kinds yet');
  await page.getByRole('button', { name: 'Show all kinds' }).click();
  await expect(lines(page, 'left')).toHaveCount(2);
});

test('paused it stands still and counts; resumed it shows all of it once', async ({
  signedIn: page,
  standIn,
}) => {
  close(standIn, 'before');
  await expect(lines(page, 'before')).toBeVisible();
  await page.keyboard.press('p');
  close(standIn, 'while-1', 'while-2', 'while-3');
  await expect(page.getByRole('button', { name: '3 new' })).toBeVisible();
  await expect(lines(page, 'while')).toHaveCount(0);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(lines(page, 'while')).toHaveCount(3);
  await expect(lines(page, 'before')).toHaveCount(1);
  await expect(page.getByRole('button', { name: /new$/ })).toHaveCount(0);
});

test('scrolled away it stands still, and the pill leads back', async ({ signedIn: page, standIn }) => {
  close(standIn, ...Array.from({ length: 100 }, (_, index) => `old-${index}`));
  await expect(lines(page, 'old-99')).toBeVisible();
  await log(page).evaluate((element) => element.scrollTo(0, 800));
  await expect(lines(page, 'old-70')).toBeVisible();
  close(standIn, 'fresh-1', 'fresh-2');
  await expect(page.getByRole('button', { name: '2 new' })).toBeVisible();
  await expect(lines(page, 'old-70')).toBeVisible();
  await page.getByRole('button', { name: '2 new' }).click();
  await expect(lines(page, 'fresh-2')).toBeVisible();
});

test('older events come when somebody scrolls down to them', async ({ signedIn: page, standIn }) => {
  close(standIn, ...Array.from({ length: 700 }, (_, index) => `old-${index}`));
  await expect(lines(page, 'old-699')).toBeVisible();
  await page.reload();
  await expect(lines(page, 'old-699')).toBeVisible();
  await expect(async () => {
    await log(page).evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await expect(log(page).getByText('enabled', { exact: true })).toBeVisible({ timeout: 300 });
  }).toPass();
});

test('older events come again after the way back to the top', async ({ signedIn: page, standIn }) => {
  close(standIn, ...Array.from({ length: 700 }, (_, index) => `old-${index}`));
  await expect(lines(page, 'old-699')).toBeVisible();
  await page.reload();
  await expect(lines(page, 'old-699')).toBeVisible();
  const toTheFirst = () =>
    expect(async () => {
      await log(page).evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await expect(log(page).getByText('enabled', { exact: true })).toBeVisible({ timeout: 300 });
    }).toPass();
  await toTheFirst();
  await log(page).evaluate((element) => element.scrollTo(0, 0));
  await expect(lines(page, 'old-699')).toBeVisible();
  await toTheFirst();
});

test('the way back leads out of the drawer once, however often it was opened', async ({
  signedIn: page,
  standIn,
}) => {
  close(standIn, 'one', 'other');
  await expect(lines(page, 'other')).toBeVisible();
  for (const name of ['one', 'other', 'one']) {
    await lines(page, name).click();
    await expect(page.getByRole('dialog')).toContainText(`${name} → redis-server`);
    await lines(page, 'other').click();
    await expect(page.getByRole('dialog')).toContainText('other → redis-server');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeAttached();
});

test('what was lost is always in sight', async ({ signedIn: page, standIn }) => {
  const counts = page.getByTestId('counts');
  await expect(counts).toContainText('0 lost');
  standIn.dataPlane.sent += 17;
  standIn.dataPlane.lost = 17;
  await expect(counts).toContainText('17 lost');
  await expect(log(page)).toContainText('17 events: the ring was full');
});

for (const [where, path, counts] of [
  [
    'on the overview',
    '',
    (page: Page) => page.getByRole('region', { name: 'Totals since it was turned on' }),
  ],
  ['beside the feed', 'events', (page: Page) => page.getByTestId('counts')],
] as const) {
  test(`what was left out is counted ${where}, with the reason`, async ({ signedIn: page, standIn }) => {
    await page.goto(`${standIn.url}/${path}`);
    await expect(counts(page)).toContainText('0 lost');
    await expect(counts(page)).not.toContainText('left out');
    standIn.dataPlane.leftOut = 1204;
    await expect(counts(page)).toContainText(/1\.2\sk connections left out/);
    await expect(counts(page).getByTitle(/came in a crowd/)).toBeVisible();
    await counts(page).getByRole('link', { name: 'left out' }).click();
    await expect(
      page.getByText('When more than 100 connections begin in a tenth of a second'),
    ).toBeInViewport();
  });
}

test('what came while the page was away and is no longer kept leaves a labelled gap', async ({
  signedIn: page,
  standIn,
}) => {
  close(standIn, 'before');
  await expect(lines(page, 'before')).toBeVisible();
  await missThree(page, standIn, () => close(standIn, 'unseen-1', 'unseen-2', 'unseen-3'));
  await expect(log(page)).toContainText('3 events not shown: viewer was away');
  await expect(lines(page, 'before')).toHaveCount(1);
});

test('a gap says that a filter has not looked at it', async ({ signedIn: page, standIn }) => {
  await page.goto(`${standIn.url}/events?kinds=closed`);
  close(standIn, 'before');
  await expect(lines(page, 'before')).toBeVisible();
  await missThree(page, standIn, () => {
    for (const _ of [1, 2, 3]) standIn.dataPlane.report('established', makeConnection());
  });
  await expect(log(page)).toContainText('3 events of all kinds not shown: viewer was away');
});

test('what the filter shows can be taken away, also what was not scrolled to', async ({
  signedIn: page,
  standIn,
}) => {
  close(standIn, ...Array.from({ length: 1200 }, (_, index) => `one-${index}`));
  standIn.dataPlane.report('established', makeConnection({ client: { comm: 'other' } }));
  await expect(lines(page, 'other')).toBeVisible();
  await page.goto(`${standIn.url}/events?kinds=closed`);
  await expect(lines(page, 'one-1199')).toBeVisible();
  for (const [format, names] of [
    [
      'CSV',
      (text: string) => [...text.matchAll(/,"closed","\d+","(one-\d+|other)",/g)].map(([, name]) => name),
    ],
    [
      'JSON',
      (text: string) => JSON.parse(text).map(({ client }: { client: { comm: string } }) => client.comm),
    ],
  ] as const) {
    await page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: format }).click(),
    ]);
    expect(file.suggestedFilename()).toBe(`events.${format.toLowerCase()}`);
    const text = await readFile(await file.path(), 'utf8');
    expect(names(text)).toEqual(Array.from({ length: 1200 }, (_, index) => `one-${index}`));
  }
});
