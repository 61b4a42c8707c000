import type { Page } from '@playwright/test';
import { Traffic, trafficPath } from '@sidestep/bench';
import { executableAt } from './support/executable-at.ts';
import { expect, test } from './support/signed-in.ts';

const section = (page: Page) => page.getByRole('region', { name: 'Programs that splice' });

test('programs that splice are listed in the settings, and can be released', async ({
  signedIn: page,
  standIn,
}) => {
  await page.goto(`${standIn.url}/settings`);
  await expect(section(page)).toContainText('No program is known to splice.');

  await standIn.services.acceleration.enable();
  standIn.dataPlane.splicing = [
    { ...executableAt(process.execPath), pid: process.pid, comm: 'node' },
    { device: 1n, inode: 1n, version: 1n, pid: 0, comm: 'docker-proxy' },
  ];
  const rows = section(page).getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText(process.execPath);
  await expect(rows.first()).toContainText(/was seen to splice · learned (.* ago|now)/);
  await expect(rows.last()).toContainText(/docker-proxy.*only until acceleration is turned off/);

  await page.getByRole('button', { name: `Release ${process.execPath}` }).click();
  await expect(rows).toHaveCount(1);
  expect(standIn.dataPlane.splicing).toHaveLength(1);
  await page.getByRole('button', { name: 'Release docker-proxy' }).click();
  await expect(section(page)).toContainText('No program is known to splice.');
});

test('a program that could splice is listed before it does', async ({ signedIn: page, standIn }) => {
  await using proxy = new Traffic('splicer-linked', { read: true, turns: 1_000_000 });
  await standIn.services.acceleration.enable();
  standIn.dataPlane.wanting = [{ ...executableAt(trafficPath('splicer-linked')), pid: proxy.pid }];
  await page.goto(`${standIn.url}/settings`);
  await expect(section(page).getByRole('listitem')).toContainText(
    /splicer-linked *could splice, not seen to yet · learned (.* ago|now)/,
  );
});

test('a program whose file cannot be read is listed, and let in by hand', async ({
  signedIn: page,
  standIn,
}) => {
  await using traffic = new Traffic('splicer-linked', { read: true, turns: 1_000_000 });
  await standIn.services.acceleration.enable();
  const file = executableAt(trafficPath('splicer-linked'));
  standIn.dataPlane.wanting = [{ ...file, device: 4095n, pid: traffic.pid }];
  await page.goto(`${standIn.url}/settings`);
  const rows = section(page).getByRole('listitem');
  await expect(rows).toContainText(
    /splicer-linked *its file cannot be read, so nobody knows; .* · since (.* ago|now)/,
  );
  await page.getByRole('button', { name: /Release .*splicer-linked/ }).click();
  await expect(section(page)).toContainText('No program is known to splice.');
});

test('connections that found the table full are counted on the overview', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.services.acceleration.enable();
  const notice = page.getByText(/found the table full/);
  await expect(page.getByText(/^on since/)).toBeVisible();
  await expect(notice).toHaveCount(0);
  standIn.dataPlane.untracked = 1204;
  await expect(notice).toContainText(/1\.2\sk connections found the table full and use TCP/);
  await expect(notice).toContainText('--max-connections');
});
