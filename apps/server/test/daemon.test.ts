import { expect, test } from 'vitest';
import { openPage } from './support/browser.ts';
import { startTestDaemon } from './support/daemon.ts';

test('the whole loop: enable, watch, disable', async () => {
  await using site = await startTestDaemon();
  await using page = await openPage(site);
  expect(await page.trpc.acceleration.status.query()).toMatchObject({ state: 'off', reason: null });
  expect(await page.trpc.acceleration.enable.mutate()).toMatchObject({ state: 'on' });
  expect(await page.trpc.acceleration.disable.mutate()).toMatchObject({ state: 'off' });
  const { events } = await page.trpc.events.list.query({});
  expect(events.map(({ kind }) => kind)).toEqual(['enabled', 'disabled']);
});
