import { Traffic, until } from '@sidestep/bench';
import type { Connection, Reason } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { plainOutcome } from './support/quirks.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';

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
  await untilLeft(scene, joined, reason);
  expect((await quirks.result()).outcome).toBe(await plainOutcome(name));
});

/** Who sleeps in TCP's own recv hears of nothing that is redirected; its file says nothing of that any more. */
test.for(['client-becomes-non-blocking-while-asleep', 'server-becomes-non-blocking-while-asleep'])(
  '%s: the connection joins again when that call has ended',
  async (name) => {
    await using scene = await acceleratedScene('asleep');
    await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
    const [joined] = await scene.daemon.untilBypassing(await quirks.port());
    quirks.process.kill('SIGUSR1');
    await untilLeft(scene, joined, 'blocking reader');
    quirks.process.kill('SIGUSR1');
    // In events: the list is as old as its last reading.
    await until('it joins again', async () => {
      const { events } = await scene.daemon.api.events.list.query({ kinds: ['bypassed', 'left'] });
      return events.at(-1)?.kind === 'bypassed';
    });
    quirks.process.kill('SIGUSR1');
    expect((await quirks.result()).outcome).toBe(await plainOutcome(name));
  },
);

async function untilLeft({ daemon }: Scene, joined: Connection | undefined, reason: Reason): Promise<void> {
  await until(`it leaves: ${reason}`, async () => {
    const { events } = await daemon.api.events.list.query({ kinds: ['left'] });
    return events.some((event) => event.connection === joined?.id && event.reason === reason);
  });
}
