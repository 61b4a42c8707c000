import { mkdirSync } from 'node:fs';
import type { Page } from '@playwright/test';

const ROOMS = [
  '',
  'connections',
  'connections?q=path:stack',
  'events',
  'trace',
  'check-up',
  'settings',
  'help',
];
const HEIGHTS = { 1440: 900, 390: 844 };

/** Writes a picture of every room at two widths in both themes into the folder. The page is signed in. */
export async function shoot(page: Page, origin: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of Object.entries(HEIGHTS)) {
      await page.setViewportSize({ width: Number(width), height });
      const save = (name: string) => page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png` });
      for (const room of ROOMS) {
        await page.goto(`${origin}/${room}`);
        await page.waitForTimeout(1500);
        const name = room === '' ? 'overview' : room.replace(/\W+/g, '-');
        await save(name);
        if (room === '') {
          await page.locator('main > div').evaluate((element) => element.scrollTo(0, element.scrollHeight));
          await save(`${name}-end`);
        }
        if (room === 'connections' && width === '1440') {
          await page.locator('tbody tr').nth(3).click();
          await page.waitForTimeout(800);
          await save('drawer');
        }
      }
    }
  }
}
