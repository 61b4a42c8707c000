import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { settingsSchema } from '@sidestep/shared';
import { makeBusy } from './support/busy-host.ts';
import { keptPorts } from './support/kept-ports.ts';
import { FINE, ON_TCP, REFUSED, UNKNOWN, WORKED_ROUND } from './support/made-checks.ts';
import { alerts, expect, test } from './support/signed-in.ts';
import type { StandIn } from './support/stand-in.ts';

const ROOMS = ['', 'connections', 'events', 'trace', 'check-up', 'settings', 'help'];

/** With `rules`, only these. */
async function expectAccessible(page: Page, where: string, rules: string[] = []): Promise<void> {
  const builder = new AxeBuilder({ page });
  const { violations } = await (rules.length > 0 ? builder.withRules(rules) : builder).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const words = serious.map(
    ({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.html).join('\n')}`,
  );
  expect(words).toEqual([]);
}

/** Dark by every rule, and light by the one that can differ there: the themes differ in their colours only. */
async function expectAccessibleInBothThemes(page: Page, where: string): Promise<void> {
  for (const [colorScheme, rules] of [
    ['dark', []],
    ['light', ['color-contrast']],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expect(page.locator(`html[data-theme=${colorScheme}]`)).toBeAttached();
    await expectAccessible(page, `${where}, ${colorScheme}`, [...rules]);
  }
}

/** Opens a room and waits until all of it is there. */
async function visit(page: Page, standIn: StandIn, room: string): Promise<void> {
  await page.goto(`${standIn.url}/${room}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
  await expect(page.getByText('live', { exact: true })).toBeAttached();
  await expect(page.locator('.appear-late'), 'what stands where something is still loading').toHaveCount(0);
}

/** A host with something to show in every room. Returns what stops it. */
async function fill(standIn: StandIn): Promise<() => void> {
  standIn.trace.on = true;
  standIn.checks = [...FINE, WORKED_ROUND, ON_TCP, UNKNOWN];
  await standIn.services.checkUp.run();
  await standIn.services.acceleration.enable();
  return makeBusy(standIn);
}

for (const room of ROOMS) {
  test(`axe finds nothing serious in /${room}, dark and light`, async ({ signedIn: page, standIn }) => {
    const stop = await fill(standIn);
    await visit(page, standIn, room);
    await expectAccessibleInBothThemes(page, `/${room}`);
    stop();
  });
}

test('axe finds nothing serious in the drawer and in the menu', async ({ signedIn: page, standIn }) => {
  const stop = await fill(standIn);
  await page.goto(`${standIn.url}/connections?q=path:stack`);
  await page.locator('tbody tr').first().click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessibleInBothThemes(page, 'drawer');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'You', exact: true }).click();
  await expect(page.getByRole('menu')).toBeVisible();
  await expectAccessibleInBothThemes(page, 'menu');
  stop();
});

test('axe finds nothing serious without the daemon', async ({ signedIn: page, standIn }) => {
  const stop = await fill(standIn);
  await visit(page, standIn, 'connections?q=path:stack');
  stop();
  await standIn.stop();
  await expect(alerts(page)).toBeVisible();
  await expectAccessibleInBothThemes(page, 'lost');
});

test('axe finds nothing serious on a phone', async ({ signedIn: page, standIn }) => {
  const stop = await fill(standIn);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${standIn.url}/connections?q=path:stack`);
  await expect(page.getByRole('list', { name: 'Connections' }).getByRole('listitem').first()).toBeVisible();
  await expectAccessibleInBothThemes(page, 'the list on a phone');
  stop();
});

test('axe finds nothing serious while turning off waits for somebody', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.services.acceleration.enable();
  const end = { address: '127.0.0.1', port: 9200, pid: 812, comm: 'indexer', unread: 64_000 };
  Object.assign(standIn.dataPlane, {
    remaining: 2,
    holding: [{ id: '1', ends: [{ side: 'server', ...end }] }],
  });
  await page.getByRole('switch', { name: 'Acceleration' }).click();
  await page.getByRole('button', { name: 'Reset 1 connection…' }).click();
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expectAccessible(page, `resetting, ${colorScheme}`);
  }
  await page.keyboard.press('Escape');
  await expectAccessible(page, 'held');
  standIn.dataPlane.remaining = 0;
});

test('axe finds nothing serious where nothing can be accelerated', async ({ signedIn: page, standIn }) => {
  standIn.checks = [...FINE, REFUSED];
  await standIn.services.checkUp.run();
  for (const room of ['', 'check-up']) {
    await page.goto(`${standIn.url}/${room}`);
    await expect(page.getByText(REFUSED.title)).toBeVisible();
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expectAccessible(page, `/${room} on a kernel that cannot, ${colorScheme}`);
    }
  }
});

test('axe finds nothing serious while something is wrong', async ({ signedIn: page, standIn, context }) => {
  standIn.dataPlane.fail('The kernel refused the program.', 'Update the kernel.', 'R1 invalid mem access');
  await page.getByRole('switch', { name: 'Acceleration' }).click();
  await expectAccessible(page, 'first time');
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByText('The kernel’s own words').click();
  await expectAccessible(page, 'failed');
  await context.clearCookies();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
  await expectAccessible(page, 'signed out');
});

test('no room is wider than a phone', async ({ signedIn: page, standIn }) => {
  standIn.checks = [...FINE, ON_TCP, UNKNOWN];
  await standIn.services.checkUp.run();
  await standIn.services.acceleration.enable();
  const stop = makeBusy(standIn);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const room of ROOMS) {
    await visit(page, standIn, room);
    const inner = await page.locator('main').evaluate((main) => {
      const scroller = main.firstElementChild ?? main;
      return Math.max(scroller.scrollWidth, document.documentElement.scrollWidth);
    });
    expect(inner, room).toBeLessThanOrEqual(390);
  }
  await visit(page, standIn, 'connections?q=path:stack');
  await expect(page.getByTestId('matching')).toHaveText(/^\d+ of \d{3}$/);
  const top = async (name: string) => (await page.getByRole('button', { name }).boundingBox())?.y;
  expect(await top('Columns'), 'what can be done stands on one line').toBe(await top('Pause'));
  stop();
});

test('keys lead everywhere', async ({ signedIn: page }) => {
  for (const [key, heading] of [
    ['c', 'Connections'],
    ['e', 'Events'],
    ['t', 'Trace'],
    ['k', 'Check-up'],
    ['s', 'Settings'],
    ['h', 'Help'],
    ['o', 'Overview'],
  ] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeAttached();
  }
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toContainText('pause or resume');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('colours follow the system until somebody chooses, from the first paint on', async ({
  signedIn: page,
  standIn,
}) => {
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(theme).toBe('dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(theme).toBe('light');
  await page.goto(`${standIn.url}/settings`);
  await page.getByRole('radio', { name: 'Dark' }).click();
  await expect.poll(theme).toBe('dark');
  // Without any of the app's scripts, only with the one in the page.
  await page.route('**/_next/**/*.js', (route) => route.abort());
  await page.reload({ waitUntil: 'commit' });
  await expect.poll(theme).toBe('dark');
});

test('the button in the bar goes round the colours, and the browser remembers', async ({
  signedIn: page,
}) => {
  await page.emulateMedia({ colorScheme: 'light' });
  const colours = page.getByRole('button', { name: 'Colours: ' });
  const theme = (name: string) => page.locator(`html[data-theme=${name}]`);
  await expect(colours).toHaveAttribute('title', 'Colours: as the system');
  await colours.click();
  await expect(theme('dark')).toBeAttached();
  await page.reload();
  await expect(theme('dark')).toBeAttached();
  await colours.click();
  await expect(theme('light')).toBeAttached();
  await page.emulateMedia({ colorScheme: 'dark' });
  await colours.click();
  await expect(theme('dark'), 'as the system again').toBeAttached();
  await expect(colours).toHaveAttribute('title', 'Colours: as the system');
});

test('the help lists its chapters, and leads to each', async ({ signedIn: page, standIn }) => {
  await page.goto(`${standIn.url}/help`);
  const links = page.getByRole('navigation', { name: 'On this page' }).getByRole('link');
  await expect(links).toHaveText(await page.locator('main h2').allTextContents());
  await links.last().click();
  await expect(page.getByRole('heading', { name: 'What is not shown' })).toBeInViewport();
});

test('the menu leads to what the bar below leaves out, and to the keys', async ({ signedIn: page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const menu = page.getByRole('button', { name: 'You', exact: true });
  for (const room of ['Check-up', 'Help']) {
    await menu.click();
    await page.getByRole('menuitem', { name: room }).click();
    await expect(page.getByRole('heading', { name: room, level: 1 })).toBeAttached();
  }
  await menu.click();
  await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).click();
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toContainText('pause or resume');
});

test('settings are kept by the daemon, and refuse what is out of range', async ({
  signedIn: page,
  standIn,
}) => {
  await page.goto(`${standIn.url}/settings`);
  await page.getByRole('switch', { name: 'Allow blocking readers' }).click();
  await expect(page.getByRole('switch', { name: 'Allow blocking readers' })).toBeChecked();
  const cap = page.getByRole('textbox', { name: 'Queue cap in KiB' });
  await cap.fill('12');
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
  await expect(page.getByText('64 to 65\u2009536 KiB')).toBeVisible();
  await cap.fill('1024');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Reset' })).toBeVisible();
  expect(await standIn.services.settings.get()).toMatchObject({
    allowBlockingReaders: true,
    queueCap: 1_048_576,
  });
  await page.reload();
  await expect(cap).toHaveValue('1024');
  await expect(page.getByRole('switch', { name: 'Allow blocking readers' })).toBeChecked();
  const { queueCap } = settingsSchema.parse({});
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect(page.getByRole('button', { name: 'Reset' })).toHaveCount(0);
  await expect(cap).toHaveValue(String(queueCap / 1024));
  expect(await standIn.services.settings.get()).toMatchObject({ allowBlockingReaders: true, queueCap });
});

test('ports that are kept on the stack are kept by the daemon, and what is no port is refused', async ({
  signedIn: page,
  standIn,
}) => {
  await page.goto(`${standIn.url}/settings`);
  const { ports, save } = keptPorts(page);
  await expect(ports).toHaveValue('');
  await expect(save).toBeDisabled();
  for (const [text, problem] of [
    [
      '5432 6000',
      'Write ports and ranges with commas between them: 5432, 6000-6010. "5432 6000" is neither.',
    ],
    ['6010-6000', 'A range begins with its lower port: write 6000-6010.'],
    ['70000', 'Ports go from 1 to 65535.'],
  ] as const) {
    await ports.fill(text);
    await expect(page.getByText(problem)).toBeVisible();
    await expect(ports).toHaveAccessibleDescription(problem);
    await expect(save).toBeDisabled();
  }
  await ports.fill('5432,6000-6010');
  await ports.press('Enter');
  const clear = page.getByRole('button', { name: 'Clear ports' });
  await expect(clear).toBeVisible();
  const keepOnStack = [
    { first: 5432, last: 5432 },
    { first: 6000, last: 6010 },
  ];
  expect(await standIn.services.settings.get()).toMatchObject({ keepOnStack });
  await page.reload();
  await expect(ports).toHaveValue('5432, 6000-6010');
  await clear.click();
  await expect(clear).toHaveCount(0);
  await expect(ports).toHaveValue('');
  expect(await standIn.services.settings.get()).toMatchObject({ keepOnStack: [] });
});

test('ports that somebody else keeps on the stack meanwhile are not taken out unawares', async ({
  signedIn: page,
  standIn,
}) => {
  await page.goto(`${standIn.url}/settings`);
  const { ports, save } = keptPorts(page);
  const range = (port: number) => ({ first: port, last: port });
  await ports.fill('6379');
  await expect(save).toBeEnabled();
  await standIn.services.settings.update({ keepOnStack: [range(5432)] });
  await expect(page.getByText('Changed by somebody else meanwhile: now 5432.')).toBeVisible();
  await expect(save).toBeDisabled();
  await expect(ports).toHaveValue('6379');
  await page.getByRole('button', { name: 'Bring ports together' }).click();
  await expect(ports).toHaveValue('5432, 6379');
  await save.click();
  await expect(save).toBeDisabled();
  expect(await standIn.services.settings.get()).toMatchObject({ keepOnStack: [range(5432), range(6379)] });
});

test('a refused change stays typed, with what to do', async ({ signedIn: page, standIn }) => {
  await page.clock.install();
  await page.goto(`${standIn.url}/settings`);
  const { ports } = keptPorts(page);
  await ports.fill('6379');
  // The page does not look by itself any more, and so cannot know.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
  await standIn.services.settings.update({ keepOnStack: [{ first: 5432, last: 5432 }] });
  await ports.press('Enter');
  await page.clock.resume();
  await expect(alerts(page)).toContainText('somebody has changed them meanwhile: now 5432');
  await expect(ports).toHaveValue('6379');
  expect(await standIn.services.settings.get()).toMatchObject({ keepOnStack: [{ first: 5432 }] });
});

test('the page loads nothing from anywhere else, and breaks no rule of its policy', async ({
  signedIn: page,
  standIn,
}) => {
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(standIn.url) && !request.url().startsWith('blob:'))
      foreign.push(request.url());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) foreign.push(`${response.status()} ${response.url()}`);
  });
  for (const room of ROOMS) {
    await page.goto(`${standIn.url}/${room}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
  }
  expect(foreign).toEqual([]);
});

test('nothing moves for those who asked for that', async ({ signedIn: page, standIn }) => {
  standIn.dataPlane.stopAt = 'loading';
  await page.getByRole('switch', { name: 'Acceleration' }).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  const spinner = page.getByRole('switch', { name: 'Acceleration' }).locator('svg');
  const animation = () => spinner.evaluate((element) => getComputedStyle(element).animationName);
  await expect.poll(animation).toBe('turn');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await expect.poll(animation).toBe('none');
  standIn.dataPlane.proceed();
});
