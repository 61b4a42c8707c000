import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { KEY_HEADER } from '@sidestep/shared';
import { WebSocket } from 'ws';
import { alerts, expect, test } from './support/signed-in.ts';

const storedKey = (page: Page) => page.evaluate(() => localStorage.getItem('sidestep.key'));

test('the printed link signs in, leaves no code in the address, and hides the cookie from scripts', async ({
  page,
  standIn,
}) => {
  await page.goto(standIn.signInLink());
  await expect(page).toHaveURL(`${standIn.url}/`);
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  expect(await storedKey(page)).toMatch(/^[\w-]{43}$/);
  await page.goBack();
  expect(page.url()).not.toContain('#');
});

test('a used link says so, with the way to a fresh one', async ({ page, browser, standIn }) => {
  const link = standIn.signInLink();
  await page.goto(link);
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
  const other = await browser.newPage();
  await other.goto(link);
  await expect(alerts(other)).toContainText('has been used');
  await expect(alerts(other)).toContainText('sudo ./sidestep sign-in-link');
  expect(other.url(), 'the code stays out of the history').not.toContain('#');
  await page.goto(link);
  await page.getByRole('button', { name: 'Go to the overview' }).click();
  await expect(page).toHaveURL(`${standIn.url}/`);
  await other.close();
});

test('an address without a code is explained', async ({ page, standIn }) => {
  await page.goto(`${standIn.url}/sign-in`);
  await expect(alerts(page)).toContainText('carries no code');
});

test('who is not signed in sees nothing of the host, and goes on as soon as another tab signs in', async ({
  context,
  standIn,
}) => {
  const page = await context.newPage();
  await page.goto(`${standIn.url}/connections`);
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  await expect(page.getByText('sudo ./sidestep sign-in-link')).toBeVisible();
  await expect(page.getByRole('navigation')).toHaveCount(0);
  const other = await context.newPage();
  await other.goto(standIn.signInLink());
  await expect(other.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
  await page.getByRole('button', { name: 'I have signed in' }).click();
  await expect(page.getByRole('heading', { name: 'Connections' })).toBeVisible();
});

test('another port of the host is sent the cookie, and gets nowhere with it', async ({
  signedIn: page,
  standIn,
}) => {
  const asked = Promise.withResolvers<string>();
  await using server = createServer((request, response) => {
    if (request.url === '/') asked.resolve(request.headers.cookie ?? '');
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>another program</title>');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const cookie = await asked.promise;
  expect(cookie, 'the browser takes ports for one site').toContain(new URL(standIn.url).port);
  expect(await storedKey(page)).toBeNull();
  server.closeAllConnections();

  // Not a browser: it says of itself what it likes.
  const headers = { cookie, origin: standIn.url };
  const socket = new WebSocket(`${standIn.url.replace('http', 'ws')}/trpc`, { headers });
  const [, refused] = await once(socket, 'unexpected-response');
  expect(refused.statusCode).toBe(401);
  refused.resume();
  expect(await (await fetch(`${standIn.url}/api/session`, { headers })).json()).toMatchObject({
    signedIn: false,
  });
});

test('who has the cookie and no key, as after an update, is told why to sign in once more', async ({
  signedIn: page,
  standIn,
}) => {
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  await expect(page.getByText('please sign in once more')).toBeVisible();
  await page.goto(standIn.signInLink());
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
});

test('a browser that keeps nothing is told so, and its link stays good', async ({
  page,
  context,
  standIn,
}) => {
  await page.addInitScript(() => {
    // As Chromium has it where site data is blocked.
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('Access is denied for this document.', 'SecurityError');
      },
    });
  });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const link = standIn.signInLink();
  await page.goto(link);
  await expect(alerts(page)).toContainText('This browser keeps nothing for this page');
  await expect(alerts(page)).toContainText('Allow cookies and site data');
  await page.goto(`${standIn.url}/`);
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  expect(errors).toEqual([]);

  const allowed = await context.newPage();
  await allowed.goto(link);
  await expect(allowed.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
});

test('a tab that is open goes on with the sign-in of another one', async ({
  signedIn: page,
  context,
  standIn,
}) => {
  const theSwitch = page.getByRole('switch', { name: 'Acceleration' });
  const other = await context.newPage();
  await other.goto(standIn.signInLink());
  await expect(other.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
  await standIn.stop();
  await expect(theSwitch).toBeDisabled();
  await standIn.start();
  await expect(theSwitch).toBeEnabled();
});

test('signing out takes everything away', async ({ signedIn: page }) => {
  await page.getByRole('button', { name: 'You', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  expect(await page.context().cookies()).toEqual([]);
  expect(await storedKey(page)).toBeNull();
});

test('signing out while the daemon is away takes the key at once, and the session as soon as it is back', async ({
  signedIn: page,
  standIn,
  context,
}) => {
  const key = (await storedKey(page)) ?? '';
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  await standIn.stop();
  await page.getByRole('button', { name: 'You', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed out in this browser' })).toBeVisible();
  await expect(page.getByText('its half of your sign-in is still open')).toBeVisible();
  await expect(page.getByRole('navigation')).toHaveCount(0);
  expect(await storedKey(page)).toBeNull();
  await standIn.start();
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  const headers = { cookie, [KEY_HEADER]: key, origin: standIn.url };
  expect(await (await fetch(`${standIn.url}/api/session`, { headers })).json()).toMatchObject({
    signedIn: false,
  });
});

test('an address that leads nowhere says so', async ({ signedIn: page, standIn }) => {
  await page.goto(`${standIn.url}/nowhere`);
  await expect(page.getByRole('heading', { name: 'There is nothing at this address' })).toBeVisible();
  await page.getByRole('link', { name: 'Go to the overview' }).click();
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
});
