/** Pictures of the page over a busy host that is made up: `node e2e/support/screenshots.ts FOLDER`. */
import { chromium } from '@playwright/test';
import { LAUNCH } from './browser.ts';
import { makeBusy } from './busy-host.ts';
import { shoot } from './shoot.ts';
import { StandIn } from './stand-in.ts';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Name a folder for the pictures.');

await using standIn = await StandIn.start();
standIn.trace.on = true;
await standIn.services.acceleration.enable();
const stop = makeBusy(standIn);
const browser = await chromium.launch(LAUNCH);
const page = await browser.newPage();
await page.goto(standIn.signInLink());
await page.waitForTimeout(15_000);
await shoot(page, standIn.url, folder);
await browser.close();
stop();
