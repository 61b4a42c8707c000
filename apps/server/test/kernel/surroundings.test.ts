import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup, Mounts, Traffic, until } from '@sidestep/bench';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { attachedTo, heldBy, untilGone } from './support/kernel-objects.ts';
import { acceleratedScene, openScene, type Scene } from './support/scene.ts';
import { CONNECTIONS, stoppedReader } from './support/stopped-reader.ts';
import { onBypass, type TestDaemon } from './support/test-daemon.ts';

const BPFFS = '/sys/fs/bpf';
const TURNS = { request: '1-20000', answer: '1-20000', seconds: 600, connections: 4 };
const FAULTLESS = { wrong: 0, errors: 0, unfinished: 0 };

const reason = async (daemon: TestDaemon) => (await daemon.api.acceleration.status.query()).reason ?? '';
const untilSaid = (daemon: TestDaemon, words: string) =>
  until(`the status says “${words}”`, async () => (await reason(daemon)).includes(words));
const said = ({ lines }: TestDaemon['process'], words: string) => lines.some((line) => line.includes(words));

const isSwitchedOff = ({ clientToServer, serverToClient }: Connection) =>
  [clientToServer, serverToClient].every(({ path, reason }) => path === 'stack' && reason === 'switched off');

/** On, with a bpf file system that nobody else sees, on top of a folder that is on none. */
async function onOwnFileSystem(mounts: Mounts): Promise<Scene> {
  const scene = await openScene('bpffs', [], mounts, async () => {
    await mounts.run('mount', '-t', 'tmpfs', 'none', BPFFS);
    await mounts.run('mount', '-t', 'bpf', 'bpf', BPFFS);
  });
  await scene.daemon.enable();
  return scene;
}

/** Four connections on the bypass, and what the kernel holds for them when nothing is pinned any more. */
async function losePins({ daemon, cgroup }: Scene, mounts: Mounts, stack: AsyncDisposableStack) {
  const traffic = stack.use(new Traffic('exchange', TURNS, { cgroup: cgroup.path }));
  const port = await traffic.port();
  await daemon.untilBypassing(port, 4);
  const objects = heldBy(daemon.process.pid);
  await mounts.run('umount', BPFFS);
  return { traffic, port, objects };
}

test('a bpf file system that is unmounted: all take the stack until one is mounted again, and are pinned again there', async () => {
  await using mounts = await Mounts.create();
  await using scene = await onOwnFileSystem(mounts);
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  const port = await traffic.port();
  const ids = (await daemon.untilBypassing(port, 4)).map(({ id }) => id).sort();
  const pinned = () => readdirSync(daemon.reach(daemon.pinDir)).sort();
  await until('the survey is over', () => !pinned().includes('link_survey'));
  const pins = pinned();

  await mounts.run('umount', BPFFS);
  await untilSaid(daemon, `The programs are not pinned in ${daemon.pinDir} any more`);
  expect(await reason(daemon)).toContain('sudo mount -t bpf bpf /sys/fs/bpf');
  await daemon.untilConnected(port, 'on the stack', isSwitchedOff, 4);
  expect((await daemon.api.acceleration.status.query()).state).toBe('on');

  await mounts.run('mount', '-t', 'bpf', 'bpf', BPFFS);
  await until('the status no longer says so', async () => (await reason(daemon)) === '');
  expect(pinned()).toEqual(pins);
  await daemon.untilBypassing(port, 4);
  await daemon.stop('SIGKILL');
  await daemon.start();
  expect(await daemon.api.acceleration.status.query()).toMatchObject({ state: 'on', failure: null });
  const kept = (await daemon.connections({ port })).filter(onBypass);
  expect(kept.map(({ id }) => id).sort()).toEqual(ids);
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ ...FAULTLESS, received: result.sent });
});

test('a daemon that is killed while nothing is pinned takes no byte along of those who had left the bypass', async () => {
  await using mounts = await Mounts.create();
  await using scene = await onOwnFileSystem(mounts);
  await using programs = new AsyncDisposableStack();
  const { daemon } = scene;
  const { traffic, port, objects } = await losePins(scene, mounts, programs);
  await daemon.untilConnected(port, 'on the stack', isSwitchedOff, 4);
  await daemon.stop('SIGKILL');
  await untilGone(objects);

  await mounts.run('mount', '-t', 'bpf', 'bpf', BPFFS);
  await daemon.start();
  await daemon.untilBypassing(port, 4);
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ ...FAULTLESS, received: result.sent });
});

test('a daemon that is stopped while nothing is pinned lets every connection leave the bypass first', async () => {
  await using mounts = await Mounts.create();
  await using scene = await onOwnFileSystem(mounts);
  await using programs = new AsyncDisposableStack();
  const { daemon } = scene;
  const { traffic, port, objects } = await losePins(scene, mounts, programs);

  await daemon.stop();
  expect(await daemon.process.status()).toBe(0);
  expect(said(daemon.process, 'every connection leaves the bypass first')).toBe(true);
  await untilGone(objects);

  await mounts.run('mount', '-t', 'bpf', 'bpf', BPFFS);
  await daemon.start();
  await until('it is on again', async () => (await daemon.api.acceleration.status.query()).state === 'on');
  await daemon.untilBypassing(port, 4);
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ ...FAULTLESS, received: result.sent });
});

test('a second signal resets who keeps such a daemon from its end, and both ends are told', async () => {
  await using mounts = await Mounts.create();
  await using scene = await onOwnFileSystem(mounts);
  const { daemon } = scene;
  await using programs = new AsyncDisposableStack();
  const { server, client } = await stoppedReader(scene, programs);
  await mounts.run('umount', BPFFS);
  daemon.process.kill('SIGTERM');
  await until('it waits for the reader', async () => {
    const { state, held } = await daemon.api.acceleration.status.query();
    return state === 'draining' && held?.connections === CONNECTIONS;
  });
  expect(await daemon.verb('enable')).toMatchObject({
    status: 1,
    errors: expect.stringContaining('The daemon stops.'),
  });
  daemon.process.kill('SIGTERM');
  expect(await daemon.process.status()).toBe(0);
  expect(await client.result()).toMatchObject({
    errors: CONNECTIONS,
    error: 'Connection reset by peer',
    wrong: 0,
  });
  server.process.kill('SIGCONT');
  server.stop();
  expect(await server.result()).toMatchObject({ wrong: 0, error: 'Connection reset by peer' });
});

test('no bpf file system at the start: refused, with what to mount', async () => {
  await using mounts = await Mounts.create();
  await using scene = await openScene('bpffs', [], mounts);
  const { daemon } = scene;
  await daemon.stop();
  await mounts.run('mount', '-t', 'tmpfs', 'none', BPFFS);
  await expect(daemon.start()).rejects.toThrow(
    `${daemon.pinDir} is not on a bpf file system. Mount it (sudo mount -t bpf bpf /sys/fs/bpf)`,
  );
});

/** Its programs live on in another one. */
async function removeCgroup(cgroup: Cgroup, refuge: Cgroup, pids: readonly number[]): Promise<void> {
  for (const pid of pids) writeFileSync(join(refuge.path, 'cgroup.procs'), String(pid));
  await until('the cgroup can be removed', () => {
    rmdirSync(cgroup.path);
    return true;
  });
}

test('a cgroup that is removed: open connections go on, switching off works, switching on is refused until it is there again', async () => {
  await using scene = await acceleratedScene('cgroup');
  const { daemon, cgroup } = scene;
  await using refuge = new Cgroup('refuge');
  await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  const port = await traffic.port();
  await daemon.untilBypassing(port, 4);
  const objects = heldBy(daemon.process.pid);
  await removeCgroup(cgroup, refuge, [traffic.pid]);
  await untilSaid(daemon, `The cgroup ${cgroup.path} is gone`);
  await daemon.untilBypassing(port, 4);
  await daemon.api.settings.update.mutate({ queueCap: 65_536 });

  expect(await daemon.verb('disable')).toMatchObject({ status: 0 });
  await untilGone(objects);
  expect(await daemon.verb('enable')).toMatchObject({
    status: 1,
    errors: `The cgroup ${cgroup.path} is gone. Make it again and start your programs in it, or start the daemon with another --cgroup.\n`,
  });
  mkdirSync(cgroup.path);
  expect(await daemon.verb('enable')).toMatchObject({ status: 0 });
  await using late = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  await daemon.untilBypassing(await late.port(), 4);
  for (const program of [traffic, late]) {
    program.stop();
    const result = await program.result();
    expect(result).toMatchObject({ ...FAULTLESS, received: result.sent });
  }
});

test('a cgroup that is made anew, as services do, is accelerated again', async () => {
  await using scene = await acceleratedScene('cgroup');
  const { daemon, cgroup } = scene;
  await using refuge = new Cgroup('refuge');
  await using old = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  await daemon.untilBypassing(await old.port(), 4);
  await removeCgroup(cgroup, refuge, [old.pid]);
  mkdirSync(cgroup.path);
  await until('the new one is attached to', async () => (await attachedTo(cgroup.path)).includes('sidestep'));
  await using young = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  await daemon.untilBypassing(await young.port(), 4);
  expect(await daemon.api.acceleration.status.query()).toMatchObject({ state: 'on', reason: null });
  for (const program of [old, young]) {
    program.stop();
    const result = await program.result();
    expect(result).toMatchObject({ ...FAULTLESS, received: result.sent });
  }
});

test('after a reboot what was on is switched on again, whatever files the last boot left', async () => {
  await using scene = await acceleratedScene('reboot');
  const { daemon, cgroup } = scene;
  const objects = heldBy(daemon.process.pid);
  await daemon.stop('SIGKILL');
  // The kernel's side is gone with the boot, and the number belongs to another process now.
  for (const name of readdirSync(daemon.pinDir)) unlinkSync(join(daemon.pinDir, name));
  rmdirSync(daemon.pinDir);
  await untilGone(objects);
  writeFileSync(join(daemon.stateDir, 'daemon.pid'), `${process.pid}\n`);
  expect(existsSync(daemon.socketPath)).toBe(true);

  await daemon.start();
  await until('it is on again', async () => (await daemon.api.acceleration.status.query()).state === 'on');
  expect(await attachedTo(cgroup.path)).toContain('sidestep');
  await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  await daemon.untilBypassing(await traffic.port(), 4);
  traffic.stop();
  expect(await traffic.result()).toMatchObject(FAULTLESS);
});
