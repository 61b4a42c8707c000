import { Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { plainOutcome } from './support/quirks.ts';
import { acceleratedScene } from './support/scene.ts';

test.for([
  'client-half-closes',
  'server-half-closes',
  'both-half-close',
  'client-closes-in-flight',
  'server-closes-in-flight',
  'client-resets-in-flight',
  'server-resets-in-flight',
  'client-stops-reading',
  'server-stops-reading',
  'shut-down-while-sending',
  'child-takes-over',
  'child-shares',
  'pass-descriptor',
  'peer-killed',
  'two-writers',
])('%s ends on the bypass as it ends on the stack', async (name) => {
  await using scene = await acceleratedScene('endings');
  await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
  const [joined] = await scene.daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  expect((await quirks.result()).outcome).toBe(await plainOutcome(name));

  // It was the bypass on which it ended: it left for its end, if at all, and what the case sends went there.
  const closed = await until('it is closed', async () => {
    const { events } = await scene.daemon.api.events.list.query({ kinds: ['closed'] });
    return events[0];
  });
  const { events: left } = await scene.daemon.api.events.list.query({ kinds: ['left'] });
  expect(left.filter(({ reason }) => reason !== 'closing')).toEqual([]);
  const before = (joined?.clientToServer.bytes.bypass ?? 0) + (joined?.serverToClient.bytes.bypass ?? 0);
  expect(before).toBeGreaterThan(0);
  expect(closed.bytes?.bypass).toBeGreaterThan(before);
});
