import { statSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from './support/signed-in.ts';

const section = (page: Page) => page.getByRole('region', { name: 'Programs that splice' });

test('programs that splice are listed in the settings, and can be released', async ({
  signedIn: page,
  standIn,
}) => {
  await page.goto(`${standIn.url}/settings`);
  await expect(section(page)).toContainText('No program was seen to splice.');

  await standIn.services.acceleration.enable();
  const { ino } = statSync(process.execPath, { bigint: true });
  standIn.dataPlane.splicing = [
    { device: 1n, inode: ino, pid: process.pid, comm: 'node' },
    { device: 1n, inode: 1n, pid: 0, comm: 'docker-proxy' },
  ];
  const rows = section(page).getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText(process.execPath);
  await expect(rows.first()).toContainText(/learned .* ago|learned now/);
  await expect(rows.last()).toContainText(/docker-proxy.*only until acceleration is turned off/);

  await page.getByRole('button', { name: `Release ${process.execPath}` }).click();
  await expect(rows).toHaveCount(1);
  expect(standIn.dataPlane.splicing).toHaveLength(1);
  await page.getByRole('button', { name: 'Release docker-proxy' }).click();
  await expect(section(page)).toContainText('No program was seen to splice.');
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
