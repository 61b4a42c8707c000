/**
 * Writes a picture of every room at two widths in both themes: `node e2e/support/screenshots.ts FOLDER [SIGN-IN LINK]`.
 * Without a link it shows a busy host that is made up; with one, whatever that daemon sees.
 */
import { mkdirSync } from 'node:fs';
import { chromium, type Page } from '@playwright/test';
import { LAUNCH } from './browser.ts';
import { makeBusy } from './busy-host.ts';
import { StandIn } from './stand-in.ts';

const [folder, link] = process.argv.slice(2);
if (!folder) throw new Error('Name a folder for the pictures.');
mkdirSync(folder, { recursive: true });

const ROOMS = ['', 'connections', 'connections?q=path:stack', 'events', 'trace', 'settings', 'help'];
const WIDTHS = { 1440: 900, 390: 844 };

async function shoot(page: Page, origin: string): Promise<void> {
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: Number(width), height });
      for (const room of ROOMS) {
        await page.goto(`${origin}/${room}`);
        await page.waitForTimeout(1500);
        const name = room === '' ? 'overview' : room.replace(/\W+/g, '-');
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png` });
        if (room === '') {
          await page.locator('main > div').evaluate((element) => element.scrollTo(0, element.scrollHeight));
          await page.screenshot({ path: `${folder}/${name}-end-${width}-${theme}.png` });
        }
        if (room === 'connections' && width === '1440') {
          await page.locator('tbody tr').nth(5).click();
          await page.waitForTimeout(800);
          await page.screenshot({ path: `${folder}/drawer-${width}-${theme}.png` });
        }
      }
    }
  }
}

const browser = await chromium.launch(LAUNCH);
const page = await browser.newPage();
if (link) {
  await page.goto(link);
  await page.getByRole('switch', { name: 'Acceleration' }).waitFor();
  await shoot(page, new URL(link).origin);
} else {
  await using standIn = await StandIn.start();
  standIn.trace.on = true;
  await standIn.services.acceleration.enable();
  const stop = makeBusy(standIn);
  await page.goto(standIn.signInLink());
  await page.waitForTimeout(15_000);
  await shoot(page, standIn.url);
  stop();
}
await browser.close();
