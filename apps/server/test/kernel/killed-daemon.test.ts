import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, Traffic, until } from '@sidestep/bench';
import { BpfLink, BpfMap, BtfLayouts, readIterator } from '@sidestep/libbpf';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { Build } from './support/build.ts';
import { EventReader } from './support/event-reader.ts';
import { attachedTo, heldBy, untilGone } from './support/kernel-objects.ts';
import { acceleratedScene, openScene, type Scene } from './support/scene.ts';
import { BORROWER, untilAllRead, untilHeldUp } from './support/stall.ts';
import { CONNECTIONS, stoppedReader } from './support/stopped-reader.ts';
import { onBypass } from './support/test-daemon.ts';

const KILLS = 50;
const EXCHANGES = 150;
const STREAMS = 50;
/** The daemon is killed at a random moment of its start, or so long after it answers; milliseconds. */
const START = 900;
const AFTER = 150;
/** Each daemon relates the two clocks anew, and may lose the processor in between; far less than it is away. */
const CLOCK_MS = 100;

const turns = { request: '1-4000', answer: '1-4000', 'pause-ms': 25, seconds: 600 };
const mixed = { direction: 'both', send: '1-20000', rate: 100_000, seconds: 600 };

/** Each time is an event, however many there are. */
const LISTEN_OFTEN = `
  const { createServer } = require('node:net');
  let left = 20000;
  const next = () => left-- > 0 && createServer().listen(0, '127.0.0.1', function () { this.close(next) });
  next();`;

const inCgroup = ({ cgroup }: Scene) => ({ cgroup: cgroup.path });
const byId = (connections: readonly Connection[]) => new Map(connections.map((one) => [one.id, one]));
const carried = ({ clientToServer, serverToClient }: Connection) =>
  [clientToServer, serverToClient].flatMap(({ bytes, messages }) => [
    bytes.bypass,
    bytes.stack,
    messages.bypass,
    messages.stack,
  ]);

/** The same connections, as old as they were at first, whose counters have not gone back. */
function expectSame(
  now: readonly Connection[],
  before: readonly Connection[],
  first: readonly Connection[],
): void {
  const ages = byId(first);
  const later = byId(now);
  expect([...later.keys()].sort()).toEqual([...byId(before).keys()].sort());
  for (const one of before) {
    const other = later.get(one.id) as Connection;
    expect(
      Math.abs(Date.parse(other.openedAt) - Date.parse(ages.get(one.id)?.openedAt ?? '')),
    ).toBeLessThanOrEqual(CLOCK_MS);
    const counters = carried(other);
    for (const [index, value] of carried(one).entries())
      expect(counters[index]).toBeGreaterThanOrEqual(value);
  }
}

/** Visits the sockets in the place of a daemon, until that is told to do something to one of them; and does not do it. */
async function beToldAndDoNothing(
  { pinDir }: Scene['daemon'],
  what: 'wake a reader' | 'take back',
): Promise<void> {
  using link = BpfLink.openPinned(join(pinDir, 'link_tend'));
  using connections = BpfMap.openPinned(join(pinDir, 'map_connections'));
  const layouts = BtfLayouts.fromMap(connections);
  const { size } = layouts.struct('ss_wake');
  const decode = layouts.decoder<{ cookie: bigint; lent: number }>('ss_wake');
  await until(`it is to ${what}`, () => {
    const told = readIterator(link, size);
    for (let at = 0; at < told.length; at += size) {
      const { cookie, lent } = decode(told, at);
      if (cookie !== 0n && (lent === 0) === (what === 'wake a reader')) return true;
    }
    return false;
  });
}

test(`${KILLS} kills under load cost no byte, no connection its path or its age, and no event goes unnoticed`, async () => {
  await using scene = await acceleratedScene('killed');
  const { daemon } = scene;
  await using reader = new EventReader(daemon.socketPath);
  await using exchanges = new Traffic('exchange', { ...turns, connections: EXCHANGES }, inCgroup(scene));
  await using streams = new Traffic('stream', { ...mixed, connections: STREAMS }, inCgroup(scene));
  const [port, streamPort] = [await exchanges.port(), await streams.port()];
  let joined: Connection[] = await daemon.untilBypassing(port, EXCHANGES);
  let streaming = await daemon.untilConnected(streamPort, 'open', () => true, STREAMS);
  expect([joined.length, streaming.length]).toEqual([EXCHANGES, STREAMS]);
  const atFirst = [...joined, ...streaming];
  const starts: number[] = [];

  for (let kill = 1; kill <= KILLS; kill++) {
    await daemon.stop('SIGKILL');
    // What opens and closes while nobody listens waits in the ring.
    await using short = new Traffic('shorts', { connections: 20 }, inCgroup(scene));
    expect(await short.result()).toMatchObject({ done: 20, wrong: 0, errors: 0 });
    if (kill % 2 === 0) {
      await daemon.launch();
      await sleep(Math.random() * START);
      continue;
    }
    const start = performance.now();
    await daemon.start();
    const status = await daemon.api.acceleration.status.query();
    expect(status).toMatchObject({ state: 'on', pid: daemon.process.pid, failure: null });
    const now = (await daemon.connections({ port })).filter(({ server }) => server.port === port);
    starts.push(performance.now() - start);
    expect(now.every(onBypass)).toBe(true);
    expectSame(now, joined, atFirst);
    joined = now;
    const streamsNow = await daemon.connections({ port: streamPort });
    expectSame(streamsNow, streaming, atFirst);
    streaming = streamsNow;
    await sleep(Math.random() * AFTER);
  }
  await daemon.stop('SIGKILL');
  await daemon.start();

  for (const program of [exchanges, streams]) program.stop();
  const results = [await exchanges.result(), await streams.result()];
  for (const result of results)
    expect(result).toMatchObject({ wrong: 0, errors: 0, error: '', received: result.sent });
  await reader.expectComplete(daemon);
  starts.sort((a, b) => a - b);
  const [median = 0, slowest = 0] = [starts[starts.length >> 1], starts.at(-1)];
  console.log(
    `From the start of the process until it showed all connections: ${median.toFixed(0)} ms, ${slowest.toFixed(0)} ms at most`,
  );
});

test('what the ring had no room for while nobody listened is noted with its exact count', async () => {
  await using scene = await acceleratedScene('missed');
  const { daemon } = scene;
  await using reader = new EventReader(daemon.socketPath);
  await reader.begun();
  await daemon.stop('SIGKILL');
  await until('the ring has overflowed', async () => {
    await run([process.execPath, '-e', LISTEN_OFTEN], inCgroup(scene));
    return (await reader.kernelCounts(daemon)).lost > 0;
  });
  await daemon.start();
  await reader.expectComplete(daemon);
  expect(reader.lost).toBeGreaterThan(0);
});

test('a daemon that is killed while it switches on is on in the end', async () => {
  await using scene = await openScene('enabling');
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic('exchange', { ...turns, connections: 20 }, inCgroup(scene));
  const port = await traffic.port();
  for (let round = 0; round < 5; round++) {
    const enabling = daemon.enable().catch(() => {});
    await until('it has begun', async () => {
      const { state } = await daemon.api.acceleration.status.query();
      return state === 'enabling' || state === 'on';
    });
    await sleep(Math.random() * 400);
    daemon.process.kill('SIGKILL');
    await enabling;
    await daemon.stop('SIGKILL');
    await daemon.start();
    await until('it is on', async () => (await daemon.api.acceleration.status.query()).state === 'on');
    await daemon.untilBypassing(port, 20);
    const objects = heldBy(daemon.process.pid);
    await daemon.disable();
    expect(await attachedTo(cgroup.path)).toBe('');
    await untilGone(objects);
  }
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0, received: result.sent });
});

test('a daemon that is killed while it drains goes on draining, and is off in the end', async () => {
  await using scene = await acceleratedScene('draining');
  const { daemon, cgroup } = scene;
  await using programs = new AsyncDisposableStack();
  // Until it goes on no connection can leave: each has a request unread.
  const { server, client } = await stoppedReader(scene, programs);
  const objects = heldBy(daemon.process.pid);
  for (let round = 0; round < 5; round++) {
    const disabling = daemon.disable().catch(() => {});
    await until('it drains', async () => {
      const { state, held } = await daemon.api.acceleration.status.query();
      return state === 'draining' && held?.connections === CONNECTIONS;
    });
    daemon.process.kill('SIGKILL');
    await disabling;
    await daemon.stop('SIGKILL');
    await daemon.start();
  }
  expect(await daemon.api.acceleration.status.query()).toMatchObject({ state: 'draining' });
  server.process.kill('SIGCONT');
  await until('it is off', async () => (await daemon.api.acceleration.status.query()).state === 'off');
  expect(existsSync(daemon.pinDir)).toBe(false);
  expect(await attachedTo(cgroup.path)).toBe('');
  await untilGone(objects);
  client.stop();
  expect(await client.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('acceleration that was left on by a stopped daemon can be switched off by the next one', async () => {
  await using scene = await acceleratedScene('stopped');
  const { daemon } = scene;
  await using traffic = new Traffic('exchange', { 'pause-ms': 1, seconds: 600 }, inCgroup(scene));
  await daemon.untilBypassing(await traffic.port());
  const objects = heldBy(daemon.process.pid);

  await daemon.stop();
  await daemon.start();
  await daemon.disable();
  await untilGone(objects);
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('a reader that a daemon was told to wake when it was killed is woken by the next one', async () => {
  using build = await Build.of('SS_TEST_NO_REMINDER');
  await using scene = await acceleratedScene('unwoken', { queueCap: 65_536 }, [], build.prepare);
  const { daemon } = scene;
  await using asker = new Traffic(
    'asker',
    { short: true, turns: 200, 'lag-ms': 500, large: 70_000, chunk: 1000, rounds: 4 },
    inCgroup(scene),
  );
  await daemon.untilBypassing(await asker.port());
  await daemon.stop('SIGKILL');
  await beToldAndDoNothing(daemon, 'wake a reader');
  await daemon.start();
  const result = await asker.result();
  expect(result).toMatchObject({ wrong: 0, answered: result.messages, received: result.sent, error: '' });
});

test('what a daemon was told to take back when it was killed is taken back by the next one', async () => {
  using build = await Build.of('SS_TEST_NO_REMINDER');
  await using scene = await acceleratedScene('untaken', {}, [], build.prepare);
  const { daemon } = scene;
  await using stall = new Traffic('stall', BORROWER, inCgroup(scene));
  await untilHeldUp(scene, stall);
  const disabling = daemon.disable().catch(() => {});
  await until('it drains', async () => (await daemon.api.acceleration.status.query()).state === 'draining');
  daemon.process.kill('SIGKILL');
  await disabling;
  await daemon.stop('SIGKILL');
  await untilAllRead(stall);
  await beToldAndDoNothing(daemon, 'take back');
  await daemon.start();
  const result = await stall.result();
  expect(result).toMatchObject({ received: result.sent, wrong: 0, errors: 0, linearTimeouts: 0 });
});
