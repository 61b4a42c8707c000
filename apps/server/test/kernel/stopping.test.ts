import { readdirSync } from 'node:fs';
import { Process, Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { attachedTo } from './support/kernel-objects.ts';
import { acceleratedScene, openScene } from './support/scene.ts';
import { CONNECTIONS, stoppedReader } from './support/stopped-reader.ts';
import { onBypass, type TestDaemon } from './support/test-daemon.ts';

const TURNS = { request: '1-20000', answer: '1-20000', 'pause-ms': 1, seconds: 600, connections: 4 };
const FAULTLESS = { wrong: 0, errors: 0, unfinished: 0 };
const KEPT = ['lock', 'sidestep.db', 'token'];

const state = async (daemon: TestDaemon) => (await daemon.api.acceleration.status.query()).state;

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s with clients: they are told, the files go, and what is accelerated stays so',
  async (signal) => {
    await using scene = await acceleratedScene('stop');
    const { daemon, cgroup } = scene;
    await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
    const port = await traffic.port();
    const ids = (await daemon.untilBypassing(port, 4)).map(({ id }) => id).sort();
    await using follower = new Process(daemon.commandLine('events', '--follow'));
    await follower.firstLine();

    daemon.process.kill(signal);
    daemon.process.kill(signal);
    expect(await daemon.process.status()).toBe(0);
    expect(readdirSync(daemon.stateDir).sort()).toEqual(KEPT);
    await until('who follows is told', () => follower.errors.includes('The daemon has stopped.'));
    expect(daemon.process.lines.some((line) => line.endsWith('What is accelerated stays so.'))).toBe(true);
    expect(await attachedTo(cgroup.path)).toContain('sidestep');

    await daemon.stop();
    await daemon.start();
    const kept = (await daemon.connections({ port })).filter(onBypass);
    expect(kept.map(({ id }) => id).sort()).toEqual(ids);
    await until('who follows goes on', () => follower.errors.includes('The daemon is back.'));
    follower.kill('SIGINT');
    expect(await follower.status()).toBe(0);
    traffic.stop();
    const result = await traffic.result();
    expect(result).toMatchObject({ ...FAULTLESS, received: result.sent });
  },
);

test('a signal while it is being switched on: the daemon ends, half an attachment does not stay, the next one switches on', async () => {
  await using scene = await openScene('stop');
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  const port = await traffic.port();
  for (const step of ['loading', 'attaching', 'pinning'] as const) {
    const seen = Promise.withResolvers<void>();
    const watching = daemon.api.acceleration.watch.subscribe(undefined, {
      onData: (status) => {
        if (status.step === step || status.state === 'on') seen.resolve();
      },
    });
    const enabling = daemon.api.acceleration.enable.mutate().catch(() => {});
    await seen.promise;
    daemon.process.kill('SIGTERM');
    expect(await daemon.process.status()).toBe(0);
    watching.unsubscribe();
    await daemon.stop();
    await enabling;
    expect(readdirSync(daemon.stateDir).sort()).toEqual(KEPT);

    await daemon.start();
    await until('the next daemon has switched on', async () => (await state(daemon)) === 'on');
    await daemon.untilBypassing(port, 4);
    await daemon.disable();
  }
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ ...FAULTLESS, received: result.sent });
});

test('a signal while it drains: the daemon ends, nothing is lost, and the next one goes on draining', async () => {
  await using scene = await acceleratedScene('stop');
  const { daemon, cgroup } = scene;
  await using programs = new AsyncDisposableStack();
  const { server, client } = await stoppedReader(scene, programs);
  const disabling = daemon.api.acceleration.disable.mutate().catch(() => {});
  await until('it drains', async () => (await state(daemon)) === 'draining');
  daemon.process.kill('SIGTERM');
  expect(await daemon.process.status()).toBe(0);
  await disabling;
  await daemon.stop();
  expect(await attachedTo(cgroup.path)).toContain('sidestep');

  await daemon.start();
  await until('the next daemon drains', async () => {
    const { held } = await daemon.api.acceleration.status.query();
    return held?.connections === CONNECTIONS;
  });
  server.process.kill('SIGCONT');
  await until('it is off', async () => (await state(daemon)) === 'off');
  for (const program of [client, server]) program.stop();
  expect(await client.result()).toMatchObject(FAULTLESS);
  expect(await server.result()).toMatchObject({ wrong: 0, errors: 0 });
});
