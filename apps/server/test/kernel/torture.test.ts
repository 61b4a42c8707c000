import { Cgroup, Textbook, Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const PLANS = { seconds: 3, seed: 1 };

test('the torture program finds nothing wrong with plain TCP', async () => {
  await using cgroup = new Cgroup('torture-plain');
  await using traffic = new Traffic('torture', { ...PLANS, kill: true }, { cgroup: cgroup.path });
  const result = await traffic.result();
  expect(result).toMatchObject({ right: true, failure: '', oddAgain: 0 });
  expect(result.connections).toBeGreaterThan(0);
});

test('where blocking readers are allowed no byte of theirs is lost or out of place', async () => {
  await using scene = await acceleratedScene('torture-blocking', { allowBlockingReaders: true });
  await using traffic = new Traffic(
    'torture',
    { seconds: 10, threads: 16, 'may-wake': true },
    { cgroup: scene.cgroup.path },
  );
  expect(await traffic.result()).toMatchObject({ right: true, failure: '' });
  const { messages } = await scene.daemon.api.acceleration.status.query();
  expect(messages.bypass).toBeGreaterThan(1000);
});

test('the torture program finds what a redirect of every message does wrong', async () => {
  await using cgroup = new Cgroup('torture-textbook');
  using _textbook = Textbook.attach(cgroup.path);
  await using traffic = new Traffic('torture', { ...PLANS, seconds: 120 }, { cgroup: cgroup.path });
  await until('it has found something', () => traffic.process.lines.at(-1)?.startsWith('{"failed"'), {
    deadline: 120_000,
  });
  // It keeps the connection open for whoever wants to look at it.
  traffic.stop();
  const { right, failure } = await traffic.result();
  expect(right).toBe(false);
  // With the plan of the connection and its state, so that somebody can look for the reason.
  expect(failure).toMatch(/\nconnection \d+: /);
  expect(failure).toContain('client to server: sent ');
});
