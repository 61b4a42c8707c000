import { makeBusy } from './support/busy-host.ts';
import { expect, test } from './support/signed-in.ts';

test('look', async ({ standIn, signedIn: page }) => {
  test.setTimeout(180_000);
  standIn.trace.on = true;
  const stop = makeBusy(standIn);
  await page.getByRole('switch', { name: 'Acceleration' }).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByText('On', { exact: true }).first()).toBeVisible();
  await page.waitForTimeout(20_000);
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: width === 1440 ? 900 : 844 });
      for (const room of ['', 'connections', 'events', 'trace', 'settings', 'help']) {
        await page.goto(`${standIn.url}/${room}`);
        await page.waitForTimeout(1500);
        await page.screenshot({ path: `/tmp/shots/${room || 'overview'}-${width}-${theme}.png` });
      }
    }
  }
  stop();
});
