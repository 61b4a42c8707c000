import { setTimeout as wait } from 'node:timers/promises';
import { run, Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { Build } from './support/build.ts';
import { attachedTo, heldBy, untilGone } from './support/kernel-objects.ts';
import { acceleratedScene, openScene } from './support/scene.ts';
import { BORROWER, untilAllRead, untilHeldUp } from './support/stall.ts';
import { CONNECTIONS, SIZE, stoppedReader, unreadAt } from './support/stopped-reader.ts';
import { threadsAsleepIn } from './support/threads.ts';

test('disabling waits for a reader that has stopped, names it, and resets its connections on demand only', async () => {
  await using scene = await openScene('held');
  const { daemon, cgroup } = scene;
  await daemon.enable();
  const objects = heldBy(daemon.process.pid);
  await using programs = new AsyncDisposableStack();
  const others = programs.use(
    new Traffic(
      'exchange',
      { connections: 3, request: '1-60000', answer: '1-60000', seconds: 600 },
      { cgroup: cgroup.path },
    ),
  );
  await daemon.untilBypassing(await others.port(), 3);
  const { server, client, port } = await stoppedReader(scene, programs);

  // A person who waits for two seconds is told what is left, and that it goes on.
  const waited = await daemon.verb('disable', '--wait', '2s');
  expect(waited.status).toBe(3);
  expect(waited.errors).toContain(`2 connections still keep acceleration on after 2 s`);
  expect(waited.errors).toContain(
    `exchange (process ${server.pid}) has not read ${SIZE / 1000} kB from exchange (process ${client.pid}).`,
  );
  expect(waited.errors).toContain('sudo ./sidestep disable --now');

  const status = await daemon.api.acceleration.status.query();
  expect(status).toMatchObject({ state: 'draining', held: { connections: CONNECTIONS } });
  for (const { ends } of status.held?.most ?? []) {
    expect(ends).toEqual([
      expect.objectContaining({ side: 'server', port, pid: server.pid, unread: SIZE }),
      expect.objectContaining({ side: 'client', pid: client.pid, unread: 0 }),
    ]);
  }

  const done = await daemon.verb('disable', '--now');
  expect(done).toMatchObject({ status: 0 });
  expect(done.lines.join('\n')).toMatch(/^Acceleration +off/);
  expect(await attachedTo(cgroup.path)).toBe('');
  await untilGone(objects);

  // Both ends of what was reset were told so: the sender at once, the reader when it reads again.
  const cut = await client.result();
  expect(cut).toMatchObject({ errors: CONNECTIONS, error: 'Connection reset by peer', wrong: 0 });
  server.process.kill('SIGCONT');
  await until('the server goes on', () => server.process.running);
  server.stop();
  expect(await server.result()).toMatchObject({
    errors: CONNECTIONS,
    error: 'Connection reset by peer',
    wrong: 0,
  });

  // Nobody else noticed.
  others.stop();
  const result = await others.result();
  expect(result).toMatchObject({ errors: 0, wrong: 0, unfinished: 0, received: result.sent });
});

test('a reader that goes on lets disabling come to its end without a byte lost', async () => {
  await using scene = await openScene('held');
  const { daemon } = scene;
  await daemon.enable();
  await using programs = new AsyncDisposableStack();
  const { server, client } = await stoppedReader(scene, programs);
  const disabling = daemon.verb('disable');
  await until('the stopped reader is named', async () => {
    const { held } = await daemon.api.acceleration.status.query();
    return held?.connections === CONNECTIONS;
  });
  server.process.kill('SIGCONT');
  expect(await disabling).toMatchObject({ status: 0 });
  client.stop();
  const result = await client.result();
  expect(result).toMatchObject({ errors: 0, wrong: 0, unfinished: 0 });
});

/** So long somebody looks for the descriptor at least; milliseconds. */
const TRIES_MS = 1500;

/**
 * Where nobody can enter its namespace a descriptor must be borrowed for it, a quarter of a second after the last socket has left. The daemon stands still until the
 * sender has nothing more to send, for with a segment it would give it back by itself.
 */
test.for([
  { what: 'waits until a sender has given back what it was lent', outOfReach: false, linearTimeouts: 0 },
  { what: 'does not wait for ever for one that nobody can reach', outOfReach: true, linearTimeouts: 1 },
])('disabling $what', async ({ outOfReach, linearTimeouts }) => {
  using build = await Build.of('SS_TEST_NO_REMINDER');
  await using scene = await acceleratedScene('lent', {}, [], build.prepare);
  const { daemon, cgroup } = scene;
  await using stall = new Traffic(
    'stall',
    { ...BORROWER, hidden: true, 'out-of-reach': outOfReach },
    { cgroup: cgroup.path },
  );
  await untilHeldUp(scene, stall);
  const disabling = daemon.verb('disable');
  await until('it drains', async () => (await daemon.api.acceleration.status.query()).state === 'draining');
  daemon.process.kill('SIGSTOP');
  await untilAllRead(stall);
  const start = performance.now();
  daemon.process.kill('SIGCONT');
  expect(await disabling).toMatchObject({ status: 0 });
  if (outOfReach) expect(performance.now() - start).toBeGreaterThan(TRIES_MS);
  if (outOfReach) stall.process.kill('SIGUSR1');
  const result = await stall.result();
  expect(result).toMatchObject({ received: result.sent, wrong: 0, errors: 0, linearTimeouts });
});

test('a socket that was closed from outside, and whose program does not look, holds nothing up', async () => {
  await using scene = await openScene('held');
  const { daemon } = scene;
  await daemon.enable();
  await using programs = new AsyncDisposableStack();
  const { server, client, port } = await stoppedReader(scene, programs);
  // It answers what it has, and then nothing more is under way.
  client.process.kill('SIGSTOP');
  server.process.kill('SIGCONT');
  await until('the server has read everything', async () => {
    const unread = await unreadAt(port);
    return unread.length >= CONNECTIONS && unread.every((bytes) => bytes === 0);
  });
  server.process.kill('SIGSTOP');
  await run(['ss', '-K', '-tnH', `sport = :${port}`]);
  client.process.kill('SIGCONT');
  expect(await client.result()).toMatchObject({ wrong: 0, errors: CONNECTIONS });
  expect(await daemon.verb('disable', '--wait', '30s')).toMatchObject({ status: 0 });
  expect(server.process.running).toBe(true);
});

/** Longer than the daemon waits before it resets what somebody asked it to. */
const SOME_RESETS_MS = 4000;

test('the daemon does not wait for a program that keeps its sockets locked', async () => {
  await using scene = await openScene('held');
  const { daemon, cgroup } = scene;
  await daemon.enable();
  await using quirks = new Traffic('quirks', { case: 'stand-still' }, { cgroup: cgroup.path });
  await daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  await until('both sends stand still', async () => threadsAsleepIn(quirks.pid, 'handle_userfault') === 2);

  const disabling = daemon.verb('disable', '--now');
  await until('its connection is named', async () => {
    const { held } = await daemon.api.acceleration.status.query();
    return held?.connections === 1;
  });
  await wait(SOME_RESETS_MS);
  expect(await daemon.api.acceleration.status.query()).toMatchObject({
    state: 'draining',
    held: { connections: 1 },
  });

  quirks.process.kill('SIGUSR1');
  expect(await disabling).toMatchObject({ status: 0 });
});
