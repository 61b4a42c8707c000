import { alerts, expect, test } from './support/signed-in.ts';

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

test('signing out takes everything away', async ({ signedIn: page }) => {
  await page.getByRole('button', { name: 'You', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  expect(await page.context().cookies()).toEqual([]);
});

test('an address that leads nowhere says so', async ({ signedIn: page, standIn }) => {
  await page.goto(`${standIn.url}/nowhere`);
  await expect(page.getByRole('heading', { name: 'There is nothing at this address' })).toBeVisible();
  await page.getByRole('link', { name: 'Go to the overview' }).click();
  await expect(page.getByRole('switch', { name: 'Acceleration' })).toBeVisible();
});
