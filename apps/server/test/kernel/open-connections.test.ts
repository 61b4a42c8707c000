import { run, Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { Build } from './support/build.ts';
import { Netns } from './support/netns.ts';
import { openScene } from './support/scene.ts';
import { threadsAsleepIn } from './support/threads.ts';

const WHERE = [
  { where: 'on IPv4', address: '127.0.0.1:0', own: false },
  { where: 'on IPv6', address: '[::1]:0', own: false },
  { where: 'in another network namespace', address: '127.0.0.1:0', own: true },
];

test.for(WHERE)('switching on reaches connections that are open: $where', async ({ address, own }) => {
  await using scene = await openScene('open');
  await using netns = await Netns.create();
  await using traffic = new Traffic(
    'exchange',
    { address, connections: 10, 'pause-ms': 2, seconds: 120 },
    { cgroup: scene.cgroup.path, ...(own && { netns: netns.name }) },
  );
  const port = await traffic.port();
  await traffic.process.firstLine();

  await scene.daemon.enable();
  const connections = await scene.daemon.untilBypassing(port, 10);
  expect(connections).toHaveLength(10);
  expect(new Set(connections.map(({ client }) => client.pid))).toEqual(new Set([traffic.pid]));
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('what such a connection had carried before is in no figure', async () => {
  await using scene = await openScene('before');
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic(
    'exchange',
    { answer: 16_384, 'pause-ms': 2, seconds: 120 },
    { cgroup: cgroup.path },
  );
  const port = await traffic.port();
  const before = await until('its server has sent a megabyte', async () => {
    const sent = await bytesSent(port);
    return sent > 1_000_000 && sent;
  });
  await daemon.enable();
  const [{ id } = { id: '' }] = await daemon.untilBypassing(port);
  traffic.stop();
  const { received } = await traffic.result();
  const { clientToServer, serverToClient } = await until('it is listed as closed', async () =>
    (await daemon.connections({ includeClosed: true })).find((one) => one.id === id && !one.open),
  );
  const counted = [clientToServer, serverToClient].reduce(
    (sum, { bytes }) => sum + bytes.bypass + bytes.stack,
    0,
  );
  expect(counted).toBeGreaterThan(0);
  expect(counted).toBeLessThanOrEqual(received - before);
});

/** By TCP, from the port. */
async function bytesSent(port: number): Promise<number> {
  const listed = await run(['ss', '-tinHO', 'state', 'established', `sport = :${port}`]);
  return Number(/ bytes_sent:(\d+)/.exec(listed)?.[1] ?? 0);
}

test('a connection that never rests is found all the same', async () => {
  await using scene = await openScene('busy');
  await using traffic = new Traffic('exchange', { seconds: 120 }, { cgroup: scene.cgroup.path });
  const port = await traffic.port();

  await scene.daemon.enable();
  await scene.daemon.untilBypassing(port);
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('of connections that are seldom at rest, some only at the last look, none is found by half', async () => {
  using build = await Build.of('SS_TEST_SELDOM_AT_REST');
  await using scene = await openScene('half-found', [], null, build.prepare);
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic('exchange', { connections: 200, seconds: 120 }, { cgroup: cgroup.path });
  await traffic.port();
  const found = async (kind: 'established' | 'paired') =>
    new Set(
      (await daemon.api.events.list.query({ kinds: [kind], limit: 1000 })).events.map(
        ({ connection }) => connection,
      ),
    );
  await daemon.enable();
  await until('each that is found has its server', async () => {
    const [clients, whole] = [await found('established'), await found('paired')];
    return clients.size > 0 && [...clients].every((id) => whole.has(id));
  });
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('switching on does not wait for a program that keeps its sockets locked', async () => {
  await using scene = await openScene('open-locked');
  const { daemon, cgroup } = scene;
  await using quirks = new Traffic('quirks', { case: 'stand-still' }, { cgroup: cgroup.path });
  await quirks.port();
  quirks.process.kill('SIGUSR1');
  await until('both sends stand still', async () => threadsAsleepIn(quirks.pid, 'handle_userfault') === 2);

  for (let turn = 0; turn < 3; turn++) {
    await daemon.enable();
    await using other = new Traffic('exchange', { 'pause-ms': 1, seconds: 60 }, { cgroup: cgroup.path });
    await daemon.untilBypassing(await other.port());
    expect(await daemon.connections()).not.toHaveLength(0);
    await daemon.disable();
  }
  quirks.process.kill('SIGUSR1');
  expect(await quirks.process.status()).toBe(0);
});

test('what is open outside the cgroup is left alone', async () => {
  await using scene = await openScene('outside');
  await using outside = await openScene('elsewhere');
  await using traffic = new Traffic(
    'exchange',
    { 'pause-ms': 1, seconds: 120 },
    { cgroup: outside.cgroup.path },
  );
  const port = await traffic.port();
  await using inside = new Traffic(
    'exchange',
    { 'pause-ms': 1, seconds: 120 },
    { cgroup: scene.cgroup.path },
  );

  await scene.daemon.enable();
  await scene.daemon.untilBypassing(await inside.port());
  expect(await scene.daemon.connections({ port })).toEqual([]);
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});
