import { Traffic, until } from '@sidestep/bench';
import type { Reason } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { plainOutcome } from './support/quirks.ts';
import { acceleratedScene } from './support/scene.ts';

const CHANGES: { name: string; reason: Reason }[] = [
  { name: 'client-sets-low-water', reason: 'low-water mark' },
  { name: 'server-sets-low-water', reason: 'low-water mark' },
  { name: 'client-becomes-blocking', reason: 'blocking reader' },
  { name: 'server-becomes-blocking', reason: 'blocking reader' },
  { name: 'client-sends-zero-copy', reason: 'zero-copy sender' },
  { name: 'server-sends-zero-copy', reason: 'zero-copy sender' },
];

test.for(CHANGES)('$name in mid-conversation: the connection leaves the bypass', async ({ name, reason }) => {
  await using scene = await acceleratedScene('changes');
  await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
  const [joined] = await scene.daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  await until(`it leaves: ${reason}`, async () => {
    const { events } = await scene.daemon.api.events.list.query({ kinds: ['left'] });
    return events.some((event) => event.connection === joined?.id && event.reason === reason);
  });
  expect((await quirks.result()).outcome).toBe(await plainOutcome(name));
});
