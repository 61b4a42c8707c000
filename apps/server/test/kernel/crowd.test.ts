import { closeSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis, Traffic, until } from '@sidestep/bench';
import { BpfLink, openIterator } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { EventReader } from './support/event-reader.ts';
import { acceleratedScene, openScene } from './support/scene.ts';
import type { TestDaemon } from './support/test-daemon.ts';

/** Several times as many as are followed in one tenth of a second. */
const CROWD = 600;

/** More than get their turn before all of them have sent a hundred times. */
const BUSY_CROWD = 6000;

/** How often an iterator returns to its reader before it has visited all sockets. */
function returnsOf(daemon: TestDaemon, iterator: string): number {
  using link = BpfLink.openPinned(join(daemon.pinDir, `link_${iterator}`));
  const fd = openIterator(link);
  try {
    let returns = 0;
    for (const word = Buffer.alloc(8); readSync(fd, word) > 0; ) returns++;
    return returns;
  } finally {
    closeSync(fd);
  }
}

const leftOut = async (daemon: TestDaemon) => (await daemon.api.acceleration.status.query()).leftOut;

test('connections that come in a crowd and stay find their way to the bypass', async () => {
  await using scene = await acceleratedScene('crowd');
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic(
    'exchange',
    { request: '1-2000', answer: '1-2000', 'pause-ms': 20, seconds: 600, connections: CROWD },
    { cgroup: cgroup.path },
  );
  const port = await traffic.port();
  await daemon.untilBypassing(port, CROWD);
  expect(await leftOut(daemon)).toBeGreaterThan(0);
  const pids = new Set(
    (await daemon.connections({ port })).flatMap(({ client, server }) => [client.pid, server.pid]),
  );
  expect(pids).not.toContain(0);

  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('connections that send a lot while they wait for their turn get it in the end', async () => {
  await using scene = await acceleratedScene('crowd-busy');
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic(
    'exchange',
    { seconds: 600, connections: BUSY_CROWD },
    { cgroup: cgroup.path },
  );
  await traffic.port();
  let bypassing = 0;
  await until(
    'all of them are on the bypass',
    async () => {
      const { connections } = await daemon.api.acceleration.status.query();
      bypassing = connections.bypassing;
      return bypassing === BUSY_CROWD;
    },
    { deadline: 240_000, every: 250 },
  ).catch(() => {});
  expect(bypassing).toBe(BUSY_CROWD);
  // Those of them that came when no crowd was noticed yet are few.
  expect(await leftOut(daemon)).toBeGreaterThan(BUSY_CROWD / 2);
  // Whoever visits so many sockets gives the CPU back in between.
  expect(returnsOf(daemon, 'look')).toBeGreaterThan(1);
  expect(returnsOf(daemon, 'arm')).toBeGreaterThan(1);

  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('connections that come in a crowd to a listener from before are found, too', async () => {
  await using scene = await openScene('crowd-redis');
  const { daemon, cgroup } = scene;
  await using server = await startRedis(cgroup);
  await daemon.enable();
  const target = ['-p', String(server.port), '-c', String(CROWD), '-n', '10000000', '-q'];
  await using benchmark = cgroup.start(['redis-benchmark', ...target, 'INCR', 'counter']);
  await daemon.untilConnected(
    server.port,
    'on the bypass, between processes that are known',
    ({ client, server: end, clientToServer }) =>
      clientToServer.path === 'bypass' && client.pid === benchmark.pid && end.pid === server.pid,
    CROWD,
  );
  expect(await leftOut(daemon)).toBeGreaterThan(0);
});

test('connections that come in a crowd and go leave nothing but a number', async () => {
  await using scene = await acceleratedScene('crowd-short');
  const { daemon, cgroup } = scene;
  await using reader = new EventReader(daemon.socketPath);
  await reader.begun();
  const connections = 20_000;
  await using traffic = new Traffic('shorts', { connections, threads: 8 }, { cgroup: cgroup.path });
  expect(await traffic.result()).toMatchObject({
    done: connections,
    served: connections,
    wrong: 0,
    errors: 0,
  });

  const status = await until('all of them are closed', async () => {
    const now = await daemon.api.acceleration.status.query();
    return now.connections.open === 0 && now;
  });
  await reader.expectComplete(daemon);
  // The end of each that was followed has been told; and that of one that was left out, and got a record when its request came again.
  const followed = connections - status.leftOut;
  const closed = reader.countOf('closed');
  expect(closed).toBeLessThanOrEqual(connections);
  expect(closed + reader.unseen).toBeGreaterThanOrEqual(followed);
  expect(status.leftOut).toBeGreaterThan(0);
});
