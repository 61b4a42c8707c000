import type { Page } from '@playwright/test';
import type { Check } from '@sidestep/shared';
import { FINE, ON_TCP, REFUSED, UNKNOWN, WORKED_ROUND } from './support/made-checks.ts';
import { alerts, expect, test } from './support/signed-in.ts';
import type { StandIn } from './support/stand-in.ts';

const result = (page: Page) => page.getByRole('region', { name: 'Result' });
const lines = (page: Page) => page.getByRole('list', { name: 'What was tested' }).getByRole('listitem');
const theSwitch = (page: Page) => page.getByRole('switch', { name: 'Acceleration' });

/** Opens the page on a kernel that does as `checks` say. */
async function show(standIn: StandIn, page: Page, checks: Check[]): Promise<void> {
  standIn.checks = checks;
  await standIn.services.checkUp.run();
  await page.goto(`${standIn.url}/check-up`);
}

test('on a kernel that does all of it, one sentence is enough', async ({ signedIn: page, standIn }) => {
  await show(standIn, page, FINE);
  await expect(result(page)).toContainText('All is well on this kernel');
  await expect(result(page)).toContainText('3 fine');
  await expect(lines(page)).toHaveCount(FINE.length);
  await expect(lines(page).first()).toContainText(/fine.*describes its own types.*6\.1 MB/);
  await expect(page.getByText(/(ago|just now) on Linux .*, took/)).toBeVisible();
});

test('what matters comes first, and each line unfolds to what it means and what is done', async ({
  signedIn: page,
  standIn,
}) => {
  await show(standIn, page, [...FINE, WORKED_ROUND, ON_TCP, UNKNOWN]);
  await expect(result(page)).toContainText('Some programs stay on TCP');
  await expect(result(page)).toContainText(ON_TCP.means);
  await expect(result(page)).toContainText(/1 on TCP.*1 unknown.*1 worked round.*3 fine/);
  await expect(lines(page)).toContainText([ON_TCP, UNKNOWN, WORKED_ROUND, ...FINE].map(({ title }) => title));
  const line = lines(page).first();
  await expect(line.getByText(ON_TCP.does)).toBeHidden();
  // By keyboard, as by pointer.
  await line.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(line.getByText(ON_TCP.does)).toBeVisible();
  await expect(line.getByText(ON_TCP.means)).toBeVisible();
  await line.locator('summary').click();
  await expect(line.getByText(ON_TCP.does)).toBeHidden();
});

test('where nothing can be accelerated it says why, unfolded, with the kernel’s own words', async ({
  signedIn: page,
  standIn,
}) => {
  await show(standIn, page, [...FINE, REFUSED]);
  await expect(result(page)).toContainText('Nothing can be accelerated on this kernel');
  await expect(result(page)).toContainText(REFUSED.means);
  const line = lines(page).first();
  await expect(line).toContainText(REFUSED.title);
  await expect(line.getByText(REFUSED.does)).toBeVisible();
  await expect(line.getByText('BPF_SK_MSG_VERDICT')).toBeVisible();
  await expect(line.getByText('It is essential')).toBeVisible();
});

test('what is essential and could not be tested counts as refused', async ({ signedIn: page, standIn }) => {
  await show(standIn, page, [...FINE, { ...UNKNOWN, essential: true }]);
  await expect(result(page)).toContainText('Nothing can be accelerated on this kernel');
  await expect(lines(page).first()).toContainText('unknown');
  await expect(lines(page).first().getByText(UNKNOWN.does)).toBeVisible();
});

test('run again says that it runs, and shows what came of it', async ({ signedIn: page, standIn }) => {
  await show(standIn, page, [...FINE, WORKED_ROUND]);
  await expect(result(page)).toContainText('1 thing is worked round');
  const proceed = standIn.holdCheckUp();
  standIn.checks = FINE;
  await page.getByRole('button', { name: 'Run again' }).click();
  const running = page.getByRole('button', { name: 'Running' });
  await expect(running).toBeDisabled();
  await expect(running).toHaveAttribute('aria-busy', 'true');
  await expect(result(page), 'the last one stays until there is another').toContainText('worked round');
  // Whoever comes meanwhile sees that it runs, too.
  await page.reload();
  await expect(running).toBeDisabled();
  proceed();
  await expect(result(page)).toContainText('All is well on this kernel');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeEnabled();
});

test('while the first one runs there is nothing to show yet, and it comes by itself', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.stop();
  const proceed = standIn.holdCheckUp();
  standIn.checks = FINE;
  await standIn.start();
  await page.goto(`${standIn.url}/check-up`);
  await expect(page.getByText('The first check-up is under way')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Running' })).toBeDisabled();
  proceed();
  await expect(result(page)).toContainText('All is well on this kernel');
});

test('before there was one, it can be run', async ({ signedIn: page, standIn }) => {
  await standIn.stop();
  standIn.failCheckUp('no memory');
  await standIn.start();
  await page.goto(`${standIn.url}/check-up`);
  await expect(page.getByText('No check-up yet')).toBeVisible();
  standIn.checks = FINE;
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(result(page)).toContainText('All is well on this kernel');
});

test('one that cannot be run says so, and keeps the last', async ({ signedIn: page, standIn }) => {
  await show(standIn, page, FINE);
  standIn.failCheckUp('no memory');
  await page.getByRole('button', { name: 'Run again' }).click();
  await expect(alerts(page)).toBeVisible();
  await expect(result(page)).toContainText('All is well on this kernel');
  await page.getByRole('button', { name: 'Run again' }).click();
  await expect(alerts(page)).toHaveCount(0);
});

test('one that tested nothing is not called well', async ({ signedIn: page, standIn }) => {
  await show(standIn, page, []);
  await expect(result(page)).toContainText('Nothing was tested');
});

test('without the daemon the last one stays in sight, plainly old, and cannot be run', async ({
  signedIn: page,
  standIn,
}) => {
  await show(standIn, page, FINE);
  await expect(result(page)).toBeVisible();
  await standIn.stop();
  await expect(alerts(page)).toContainText('The daemon does not answer');
  await expect(result(page)).toContainText('All is well on this kernel');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeDisabled();
  standIn.checks = [...FINE, WORKED_ROUND];
  await standIn.start();
  await expect(result(page)).toContainText('1 thing is worked round');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeEnabled();
});

test('where nothing can be accelerated the overview offers no switch, says why, and leads to the check-up', async ({
  signedIn: page,
  standIn,
}) => {
  standIn.checks = [...FINE, REFUSED];
  await standIn.services.checkUp.run();
  const panel = page.getByRole('region', { name: 'Acceleration', exact: true });
  await expect(panel).toContainText('Not possible on this kernel');
  await expect(theSwitch(page)).toBeDisabled();
  await expect(theSwitch(page)).not.toBeChecked();
  await expect(panel).toContainText(`“${REFUSED.title}”`);
  await expect(panel).toContainText('Your programs go on over TCP as they always did.');
  await expect(page.getByRole('banner')).toContainText('inspect only');
  await expect(page.getByRole('link', { name: 'Turn it on' })).toHaveCount(0);
  await panel.getByRole('link', { name: 'See the check-up' }).click();
  await expect(page.getByRole('heading', { name: 'Check-up', level: 1 })).toBeVisible();
  // Somebody puts right what was wrong.
  standIn.checks = FINE;
  await page.getByRole('button', { name: 'Run again' }).click();
  await expect(result(page)).toContainText('All is well on this kernel');
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await expect(theSwitch(page)).toBeEnabled();
  await expect(panel).not.toContainText('Not possible on this kernel');
});

test('whoever switches on before the first one is through is told what came of it, once', async ({
  signedIn: page,
  standIn,
}) => {
  await standIn.stop();
  const proceed = standIn.holdCheckUp();
  standIn.checks = [REFUSED];
  await standIn.start();
  await page.goto(standIn.url);
  await theSwitch(page).click();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'checking' })).toHaveAttribute(
    'aria-current',
    'step',
  );
  proceed();
  const panel = page.getByRole('region', { name: 'Acceleration', exact: true });
  await expect(panel).toContainText('Not possible on this kernel');
  await expect(alerts(page)).toHaveCount(0);
  expect(standIn.dataPlane.enabled).toBe(false);
});
