import { existsSync, readdirSync, unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Traffic, until } from '@sidestep/bench';
import { BpfMap } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { Build } from './support/build.ts';
import { attachedTo, heldBy, type KernelObjects, untilGone } from './support/kernel-objects.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { CONNECTIONS, stoppedReader } from './support/stopped-reader.ts';
import { onBypass, type TestDaemon } from './support/test-daemon.ts';

const EXCHANGES = 150;
const STREAMS = 50;
/** The daemon is killed at random moments of a start, in which it takes over from another version. */
const KILLS = 10;
const START = 2500;

const turns = { request: '1-4000', answer: '1-4000', 'pause-ms': 25, seconds: 600 };
const mixed = { direction: 'both', send: '1-20000', rate: 100_000, seconds: 600 };
const inCgroup = ({ cgroup }: Scene) => ({ cgroup: cgroup.path });

/** 200 connections in which every byte is checked. */
async function underLoad(scene: Scene, programs: AsyncDisposableStack) {
  const exchanges = programs.use(
    new Traffic('exchange', { ...turns, connections: EXCHANGES }, inCgroup(scene)),
  );
  const streams = programs.use(new Traffic('stream', { ...mixed, connections: STREAMS }, inCgroup(scene)));
  const port = await exchanges.port();
  return {
    port,
    untilAllJoined: () => scene.daemon.untilBypassing(port, EXCHANGES),
    expectNothingLost: async () => {
      for (const program of [exchanges, streams]) program.stop();
      for (const result of [await exchanges.result(), await streams.result()])
        expect(result).toMatchObject({ wrong: 0, errors: 0, error: '', received: result.sent });
    },
  };
}

async function restart(daemon: TestDaemon, main: readonly string[], meanwhile = () => {}): Promise<void> {
  daemon.main = main;
  await daemon.stop();
  meanwhile();
  await daemon.start();
  expect(await daemon.api.acceleration.status.query()).toMatchObject({ state: 'on', failure: null });
}

const upgrades = async ({ api }: TestDaemon) =>
  (await api.events.list.query({ limit: 1000, kinds: ['upgraded'] })).events;

const generationsIn = ({ pinDir }: TestDaemon) =>
  [pinDir, ...readdirSync(pinDir).map((name) => `${pinDir}/${name}`)].filter((path) =>
    existsSync(`${path}/map_socks`),
  );

/** As if the version whose programs run had neither a map nor a tracepoint that this one has, and had a map that this one has not. */
function asIfOfAnotherVersion(daemon: TestDaemon): void {
  const [folder = ''] = generationsIn(daemon).filter((path) => existsSync(`${path}/link_sockops`));
  for (const pin of ['map_listeners', 'link_splice']) unlinkSync(`${folder}/${pin}`);
  using map = BpfMap.openPinned(`${folder}/map_census`);
  map.pin(`${folder}/map_of_another_version`);
}

/** Of what the old daemon held, nothing is left but the cgroup's link, which has another program. */
async function untilReplaced(daemon: TestDaemon, old: KernelObjects): Promise<void> {
  const link = await until('one generation is left, and one link of the old daemon', () => {
    const held = heldBy(daemon.process.pid);
    const [one, ...more] = [...old.link].filter((id) => held.link.has(id));
    return generationsIn(daemon).length === 1 && more.length === 0 && one;
  });
  await untilGone({ ...old, link: new Set([...old.link].filter((id) => id !== link)) });
}

test('programs that keep the same records are replaced where they are, under every connection', async () => {
  using other = await Build.of('SS_TEST_OTHER_PROGRAMS');
  await using scene = await acceleratedScene('replaced');
  const { daemon, cgroup } = scene;
  await using programs = new AsyncDisposableStack();
  const load = await underLoad(scene, programs);
  const joined = await load.untilAllJoined();
  const attached = await attachedTo(cgroup.path);
  const bypassed = new Map(joined.map((one) => [one.id, one.clientToServer.messages.bypass]));

  await restart(daemon, other.main);
  expect(await upgrades(daemon)).toMatchObject([{ count: 0 }]);
  const kept = (await daemon.connections({ port: load.port })).filter(onBypass);
  expect(kept).toHaveLength(EXCHANGES);
  for (const { id, clientToServer } of kept)
    expect(clientToServer.messages.bypass).toBeGreaterThanOrEqual(bypassed.get(id) ?? Infinity);
  expect(await attachedTo(cgroup.path)).not.toBe(attached);
  expect(generationsIn(daemon)).toEqual([daemon.pinDir]);

  await using late = new Traffic('exchange', { ...turns, connections: 5 }, inCgroup(scene));
  await daemon.untilBypassing(await late.port(), 5);
  await restart(daemon, other.main);
  expect(await upgrades(daemon)).toEqual([]);
  const objects = heldBy(daemon.process.pid);
  await daemon.disable();
  expect(await attachedTo(cgroup.path)).toBe('');
  await untilGone(objects);
  await load.expectNothingLost();
});

test('programs with other records take over, and back, while connections are open', async () => {
  using other = await Build.of('SS_TEST_OTHER_LAYOUT');
  await using scene = await acceleratedScene('beside');
  const { daemon, cgroup } = scene;
  const { main } = daemon;
  await using programs = new AsyncDisposableStack();
  const load = await underLoad(scene, programs);
  await load.untilAllJoined();

  for (const next of [other.main, main]) {
    const old = heldBy(daemon.process.pid);
    await restart(daemon, next, () => asIfOfAnotherVersion(daemon));
    expect(await upgrades(daemon)).toHaveLength(1);
    await using late = programs.use(new Traffic('exchange', { ...turns, connections: 5 }, inCgroup(scene)));
    await daemon.untilBypassing(await late.port(), 5);
    await untilReplaced(daemon, old);
    await load.untilAllJoined();
    expect((await daemon.api.acceleration.status.query()).reason).toBeNull();
  }
  const objects = heldBy(daemon.process.pid);
  await daemon.disable();
  expect(await attachedTo(cgroup.path)).toBe('');
  expect(existsSync(daemon.pinDir)).toBe(false);
  await untilGone(objects);
  await load.expectNothingLost();
});

test.each([
  ['the same records', 'SS_TEST_OTHER_PROGRAMS'],
  ['other records', 'SS_TEST_OTHER_LAYOUT'],
] as const)(
  'programs with %s that the kernel refuses: the old ones go on, and the status says why and what to do',
  async (_, macro) => {
    using refused = await Build.of(macro, 'SS_TEST_REFUSED');
    await using scene = await acceleratedScene('refused');
    const { daemon, cgroup } = scene;
    const { main } = daemon;
    await using programs = new AsyncDisposableStack();
    const load = await underLoad(scene, programs);
    const ids = (await load.untilAllJoined()).map(({ id }) => id).sort();
    const attached = await attachedTo(cgroup.path);
    const pins = readdirSync(daemon.pinDir).sort();

    await restart(daemon, refused.main);
    const { reason } = await daemon.api.acceleration.status.query();
    expect(reason).toMatch(
      /^The programs of another version go on, for these could not take over: .*EACCES.* Please report it with the log and the output of uname -r\.$/,
    );
    expect(daemon.process.lines.some((line) => line.includes('invalid mem access'))).toBe(true);
    expect(await upgrades(daemon)).toEqual([]);
    expect(await attachedTo(cgroup.path)).toBe(attached);
    expect(readdirSync(daemon.pinDir).sort()).toEqual(pins);
    const kept = (await daemon.connections({ port: load.port })).filter(onBypass);
    expect(kept.map(({ id }) => id).sort()).toEqual(ids);
    await using late = programs.use(new Traffic('exchange', { ...turns, connections: 5 }, inCgroup(scene)));
    await daemon.untilBypassing(await late.port(), 5);

    await restart(daemon, main);
    expect((await daemon.api.acceleration.status.query()).reason).toBeNull();
    const objects = heldBy(daemon.process.pid);
    await daemon.disable();
    expect(await attachedTo(cgroup.path)).toBe('');
    await untilGone(objects);
    await load.expectNothingLost();
  },
);

test('a reader that has stopped holds back its own connections only, and is said to', async () => {
  using other = await Build.of('SS_TEST_OTHER_LAYOUT');
  await using scene = await acceleratedScene('behind');
  const { daemon } = scene;
  await using programs = new AsyncDisposableStack();
  const { server, client, port } = await stoppedReader(scene, programs);
  const old = heldBy(daemon.process.pid);

  await restart(daemon, other.main);
  expect(await upgrades(daemon)).toMatchObject([{ count: CONNECTIONS }]);
  expect((await daemon.api.acceleration.status.query()).reason).toBe(
    `${CONNECTIONS} connections still leave the previous version’s programs.`,
  );
  // A daemon that comes back in the middle of it goes on.
  await restart(daemon, other.main);
  expect((await daemon.api.acceleration.status.query()).reason).toMatch(
    new RegExp(`^${CONNECTIONS} connections still leave`),
  );
  await using late = new Traffic('exchange', { ...turns, connections: 5 }, inCgroup(scene));
  await daemon.untilBypassing(await late.port(), 5);

  server.process.kill('SIGCONT');
  await untilReplaced(daemon, old);
  await daemon.untilBypassing(port, CONNECTIONS);
  client.stop();
  expect(await client.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test(`a daemon that is killed ${KILLS} times while it takes over comes to an end of it`, async () => {
  using other = await Build.of('SS_TEST_OTHER_LAYOUT');
  await using scene = await acceleratedScene('midway');
  const { daemon, cgroup } = scene;
  const { main } = daemon;
  await using programs = new AsyncDisposableStack();
  const load = await underLoad(scene, programs);
  await load.untilAllJoined();
  for (let kill = 1; kill <= KILLS; kill++) {
    await daemon.stop('SIGKILL');
    daemon.main = kill % 2 === 1 ? other.main : main;
    await daemon.launch();
    await sleep(Math.random() * START);
  }
  await daemon.stop('SIGKILL');
  daemon.main = other.main;
  await daemon.start();
  await until('one generation is left', () => generationsIn(daemon).length === 1);
  await load.untilAllJoined();
  const objects = heldBy(daemon.process.pid);
  await daemon.disable();
  expect(await attachedTo(cgroup.path)).toBe('');
  expect(existsSync(daemon.pinDir)).toBe(false);
  await untilGone(objects);
  await load.expectNothingLost();
});
