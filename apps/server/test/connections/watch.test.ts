import { connectionViewSchema } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { openPage } from '../support/browser.ts';
import { bypassing, connection } from '../support/connection.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

test('a snapshot, then what changes, then what closed', async () => {
  await using site = await startTestDaemon();
  await using page = await openPage(site);
  const { kernel } = site.dataPlane;
  kernel.open = [connection({ id: '1' }), connection({ id: '2' })];
  await page.trpc.acceleration.enable.mutate();

  const frames: { type: string }[] = [];
  const view = connectionViewSchema.parse({ includeClosed: true });
  const watching = page.trpc.connections.watch.subscribe(view, { onData: (frame) => frames.push(frame) });
  await until(() => frames.length === 1);
  expect(frames[0]).toMatchObject({ type: 'snapshot', matching: 2, rows: [{ id: '1' }, { id: '2' }] });

  kernel.open = [connection({ id: '1' }), connection({ id: '2', clientToServer: bypassing(10) })];
  await until(() => frames.length >= 2);
  expect(frames[1]).toMatchObject({ type: 'delta', changed: [{ id: '2' }], order: ['1', '2'] });

  const last = kernel.open[1];
  kernel.open = kernel.open.slice(0, 1);
  kernel.emit({
    kind: 'closed',
    at: Date.now() * 1000,
    connection: last ?? null,
    listener: null,
    reason: null,
  });
  await until(() =>
    frames.some((frame) => 'changed' in frame && JSON.stringify(frame.changed).includes('"open":false')),
  );
  watching.unsubscribe();

  const { rows } = await page.trpc.connections.list.query({ includeClosed: true });
  expect(rows.map(({ id, open }) => [id, open])).toEqual([
    ['1', true],
    ['2', false],
  ]);
  expect((await page.trpc.connections.list.query({})).total).toBe(1);
});

test('the kernel is not asked when nobody watches', async () => {
  await using site = await startTestDaemon();
  await using page = await openPage(site);
  await page.trpc.acceleration.enable.mutate();
  const watching = page.trpc.connections.watch.subscribe(connectionViewSchema.parse({}), {
    onData: () => {},
  });
  await until(() => site.dataPlane.calls.connections > 2);
  watching.unsubscribe();
  await page.trpc.settings.get.query();
  const before = site.dataPlane.calls.connections;
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(site.dataPlane.calls.connections - before).toBeLessThanOrEqual(1);
});
