import { expect, test } from 'vitest';
import { breathe } from '../../src/breathe.ts';
import { ClosedConnections } from '../../src/connections/closed.ts';
import { ConnectionSampler } from '../../src/connections/sampler.ts';
import { bypassing, connection, onStack } from '../support/connection.ts';
import { FakeDataPlane } from '../support/fake-data-plane.ts';
import { until } from '../support/until.ts';

function sampling() {
  const clock = { ms: 0 };
  const steady = () => clock.ms;
  const dataPlane = new FakeDataPlane();
  dataPlane.enabled = true;
  const closed = new ClosedConnections(steady);
  const pending: (() => void)[] = [];
  const sampler = new ConnectionSampler({
    dataPlane,
    closed,
    steady,
    takeEvents: () =>
      pending.splice(0).forEach((run) => {
        run();
      }),
  });
  return { clock, dataPlane, closed, sampler, pending };
}

test('all who ask at about the same time share one look', async () => {
  const { clock, dataPlane, sampler } = sampling();
  for (let ms = 0; ms < 1000; ms += 50) {
    clock.ms = ms;
    await Promise.all([sampler.sample(250), sampler.sample(250)]);
  }
  expect(dataPlane.calls.connections).toBe(4);
});

test('nobody looks when nothing is loaded', async () => {
  const { dataPlane, sampler } = sampling();
  dataPlane.enabled = false;
  const { open, closed } = await sampler.sample(0);
  expect([open.rows.length, closed.rows.length]).toEqual([0, 0]);
  expect(dataPlane.calls.connections).toBe(0);
});

test('a connection that closes during the look is either open or closed, never both or none', async () => {
  const { dataPlane, sampler, closed, pending } = sampling();
  const row = connection();
  dataPlane.kernel.open = [row];
  pending.push(() => closed.add({ ...row, open: false, closedAt: new Date(0).toISOString() }));
  const { open, closed: gone } = await sampler.sample(0);
  expect(open.rows.length).toBe(0);
  expect(Array.from(gone.rows, (at) => gone.table.connection(at))).toMatchObject([
    { id: row.id, open: false },
  ]);
});

test('the summary counts paths, and reasons of those on the stack, most frequent first', async () => {
  const { dataPlane, sampler } = sampling();
  const stack = (id: string, reason: 'streaming' | 'blocking reader') =>
    connection({ id, clientToServer: onStack(reason), serverToClient: onStack('warming up') });
  dataPlane.kernel.open = [
    stack('1', 'streaming'),
    stack('2', 'blocking reader'),
    stack('3', 'blocking reader'),
    connection({ id: '4', clientToServer: onStack('streaming'), serverToClient: bypassing(1) }),
  ];
  expect(await sampler.summary(0)).toEqual({
    connections: { open: 4, bypassing: 1 },
    reasons: [
      { reason: 'blocking reader', connections: 2 },
      { reason: 'streaming', connections: 1 },
    ],
  });
});

test('a data plane that is slow to look at is looked at less often, and nobody waits who can have an older look', async () => {
  const { clock, dataPlane, sampler } = sampling();
  const look = dataPlane.connections.bind(dataPlane);
  dataPlane.connections = () => {
    clock.ms += 60;
    return look();
  };
  const first = await sampler.sample(100);
  for (let turn = 0; turn < 10; turn++) {
    clock.ms += 100;
    await sampler.sample(100);
    // A look lets others have their turn in between.
    for (let breath = 0; breath < 5; breath++) await breathe();
  }
  expect(dataPlane.calls.connections).toBeLessThanOrEqual(4);
  expect((await sampler.sample(100)).at).toBeGreaterThan(first.at);

  let finish = () => {};
  dataPlane.connections = async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return look();
  };
  clock.ms = 5000;
  const older = await sampler.sample(100);
  expect(older.at).toBeLessThan(5000);
  // One that is too old is waited for.
  clock.ms = 60_000;
  const waiting = sampler.sample(100);
  finish();
  expect((await waiting).at).toBe(60_000);
});

test('nobody waits for a look that takes long for the first time', async () => {
  const { clock, dataPlane, sampler } = sampling();
  const first = await sampler.sample(100);
  const look = Promise.withResolvers<void>();
  const connections = dataPlane.connections.bind(dataPlane);
  dataPlane.connections = () => look.promise.then(connections);
  clock.ms = 1000;
  expect(await sampler.sample(100)).toBe(first);
  look.resolve();
  await until(async () => (await sampler.sample(100)).at === 1000);
});

test('a look that was under way when everything was forgotten is not remembered', async () => {
  const { dataPlane, sampler } = sampling();
  dataPlane.kernel.open = [connection()];
  const look = Promise.withResolvers<void>();
  const connections = dataPlane.connections.bind(dataPlane);
  dataPlane.connections = async () => {
    const table = await connections();
    await look.promise;
    return table;
  };
  const waiting = sampler.sample(0);
  dataPlane.enabled = false;
  sampler.forget();
  look.resolve();
  expect((await waiting).open.rows.length).toBe(1);
  expect(sampler.summaryAtOnce(250).connections.open).toBe(0);
  expect((await sampler.sample(250)).open.rows.length).toBe(0);
});
