import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Mounts, Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { headersOf, type SignedIn, signIn as signInAt } from '../support/browser.ts';
import { openScene, type Scene } from './support/scene.ts';
import type { TestDaemon } from './support/test-daemon.ts';

const TURNS = { request: '1-20000', answer: '1-20000', 'pause-ms': 1, seconds: 600, connections: 2 };

/** Nothing can be kept: what must go on all the same, and what must be said. */
async function goesOnWithoutAFolder({ daemon, cgroup }: Scene, why: string): Promise<void> {
  const objects = await daemon.api.acceleration.status.query();
  expect(objects.pid).toBe(daemon.process.pid);
  await until('the status says that nothing is kept', async () => (await reason(daemon)).includes(why));
  expect(await reason(daemon)).toContain(`Nothing can be kept in ${daemon.stateDir}: ${why}.`);
  expect((await daemon.verb('status')).lines.join('\n')).toContain(why);

  const refused = await daemon.verb('settings', '--queue-cap', '65536');
  expect(refused).toMatchObject({ status: 1, lines: [] });
  expect(refused.errors).toMatch(
    new RegExp(
      `^The settings stay as they were, for they could not be saved: ${why}\\. .+, then try again\\.\n$`,
    ),
  );
  expect(await daemon.api.settings.get.query()).toMatchObject({ queueCap: 16_777_216 });

  // Whoever wants to switch must be able to, and who wants to look as well.
  expect(await daemon.verb('disable')).toMatchObject({ status: 0 });
  expect(await daemon.verb('enable')).toMatchObject({ status: 0 });
  await using traffic = new Traffic('exchange', { ...TURNS, connections: 1 }, { cgroup: cgroup.path });
  await daemon.untilBypassing(await traffic.port());
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  const { events } = await daemon.api.events.list.query({});
  expect(events.filter(({ kind }) => kind === 'enabled')).toHaveLength(2);
}

const reason = async (daemon: TestDaemon) => (await daemon.api.acceleration.status.query()).reason ?? '';

async function signIn(daemon: TestDaemon): Promise<SignedIn> {
  const link = (await daemon.cli('sign-in-link')).trim();
  return signInAt({ url: new URL(link).origin, daemon: { signInLink: () => link } });
}

async function isSignedIn(daemon: TestDaemon, signedIn: SignedIn): Promise<boolean> {
  const { origin } = new URL((await daemon.cli('sign-in-link')).trim());
  const answer = await fetch(`${origin}/api/session`, { headers: headersOf(signedIn) });
  return ((await answer.json()) as { signedIn: boolean }).signedIn;
}

/** Everything is on disk again: a daemon that is killed leaves it to the next. */
async function hasKeptAll(daemon: TestDaemon, signedIn: SignedIn): Promise<void> {
  await until('the status no longer says so', async () => (await reason(daemon)) === '');
  const before = await daemon.api.statistics.history.query({ range: '1h' });
  await daemon.stop('SIGKILL');
  await daemon.start();
  expect(await daemon.api.acceleration.status.query()).toMatchObject({ state: 'on', reason: null });
  expect(await isSignedIn(daemon, signedIn)).toBe(true);
  const { marks } = await daemon.api.statistics.history.query({ range: '1h' });
  expect(marks.slice(0, before.marks.length)).toEqual(before.marks);
  expect(marks.map(({ word }) => word)).toContain('disabled');
}

test('a full disk: acceleration goes on, can be switched, and everything is kept when there is room again', async () => {
  await using mounts = await Mounts.create();
  let path = '';
  await using scene = await openScene('full', [], mounts, async ({ stateDir }) => {
    path = stateDir;
    await mounts.run('mount', '-t', 'tmpfs', '-o', 'size=2m,mode=700', 'none', stateDir);
  });
  const { daemon, cgroup } = scene;
  await daemon.enable();
  await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  const port = await traffic.port();
  await daemon.untilBypassing(port, 2);
  await mounts.run('sh', '-c', `cat /dev/zero >${path}/filler 2>/dev/null || :`);
  const signedIn = await signIn(daemon);

  await goesOnWithoutAFolder(scene, 'the disk is full');
  expect(await isSignedIn(daemon, signedIn)).toBe(true);
  await daemon.untilBypassing(port, 2);

  rmSync(mounts.path(join(path, 'filler')));
  await hasKeptAll(daemon, signedIn);
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('a file system that becomes read-only: the same', async () => {
  await using mounts = await Mounts.create();
  let path = '';
  let device = '';
  await using scene = await openScene('readonly', [], mounts, async ({ stateDir }) => {
    path = stateDir;
    await mounts.run('mount', '-t', 'tmpfs', 'none', '/mnt');
    await mounts.run('truncate', '-s', '32M', '/mnt/image');
    await mounts.run('mkfs.ext4', '-q', '-O', '^has_journal', '/mnt/image');
    await mounts.run('mount', '-o', 'loop,errors=remount-ro', '/mnt/image', stateDir);
    await mounts.run('chmod', '700', stateDir);
    device = (await mounts.run('findmnt', '-n', '-o', 'SOURCE', stateDir)).trim();
  });
  const { daemon } = scene;
  await daemon.enable();
  const signedIn = await signIn(daemon);
  // The kernel makes it read-only on its own when it finds it damaged, whoever has files open.
  await mounts.run('sh', '-c', `echo damaged >/sys/fs/ext4/${device.replace('/dev/', '')}/trigger_fs_error`);

  await goesOnWithoutAFolder(scene, 'the file system is read-only');
  expect(await isSignedIn(daemon, signedIn)).toBe(true);

  // Another disk takes its place, with nothing on it: an image of the damaged one would be as damaged.
  await mounts.run('truncate', '-s', '32M', '/mnt/spare');
  await mounts.run('mkfs.ext4', '-q', '/mnt/spare');
  await mounts.run('mount', '-o', 'loop', '/mnt/spare', path);
  await mounts.run('chmod', '700', path);
  await hasKeptAll(daemon, signedIn);
  await daemon.disable();
  await daemon.stop();
});

test('a state folder that is removed: the daemon goes on, and makes it anew with all that was in it', async () => {
  await using scene = await openScene('vanished', []);
  const { daemon, cgroup } = scene;
  await daemon.enable();
  await daemon.disable();
  await daemon.enable();
  await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  const port = await traffic.port();
  await daemon.untilBypassing(port, 2);
  const signedIn = await signIn(daemon);
  for (let round = 0; round < 3; round++) {
    rmSync(daemon.stateDir, { recursive: true });
    await until('the command line finds the daemon', async () => (await daemon.verb('status')).status === 0);
    expect(daemon.process.running).toBe(true);
    // Who was connected before stays connected.
    expect(await daemon.api.acceleration.status.query()).toMatchObject({ state: 'on' });
  }
  expect(await daemon.verb('settings', '--queue-cap', '65536')).toMatchObject({ status: 0 });
  await hasKeptAll(daemon, signedIn);
  expect(await daemon.api.settings.get.query()).toMatchObject({ queueCap: 65_536 });
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});
