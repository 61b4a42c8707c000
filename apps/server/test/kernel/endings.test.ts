import { Traffic, until } from '@sidestep/bench';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { plainOutcome } from './support/quirks.ts';
import { acceleratedScene } from './support/scene.ts';
import { onBypass } from './support/test-daemon.ts';

test.for([
  'client-half-closes',
  'server-half-closes',
  'both-half-close',
  'client-closes-in-flight',
  'server-closes-in-flight',
  'client-resets-in-flight',
  'server-resets-in-flight',
  'client-resets-in-flight-both-ways',
  'server-resets-in-flight-both-ways',
  'client-stops-reading',
  'server-stops-reading',
  'shut-down-while-sending',
  'child-takes-over',
  'child-shares',
  'pass-descriptor',
  'peer-killed',
  'two-writers',
])('%s ends on the bypass as it ends on the stack', async (name) => {
  expect(await outcomeOnBypass(name)).toBe(await plainOutcome(name));
});

/** Redirected bytes that nobody read are no reason for the kernel to send RST: the other end learns one send later. */
test.for(['client-closes-in-flight-both-ways', 'server-closes-in-flight-both-ways'])(
  '%s: what was on its way to the other end arrives, and its sends fail',
  async (name) => {
    const onStack = await plainOutcome(name);
    const end = 'last recv ECONNRESET, received 3000, send EPIPE, send EPIPE';
    expect(onStack).toContain(end);
    expect(await outcomeOnBypass(name)).toBe(
      onStack.replace(end, 'last recv 0, received 3000, send 4, send EPIPE'),
    );
  },
);

const carried = ({ clientToServer, serverToClient }: Connection) =>
  clientToServer.bytes.bypass + serverToClient.bytes.bypass;

async function outcomeOnBypass(name: string): Promise<string> {
  await using scene = await acceleratedScene('endings');
  await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
  const [joined] = await scene.daemon.untilConnected(
    await quirks.port(),
    'on the bypass, and has used it',
    (connection) => onBypass(connection) && carried(connection) > 0,
  );
  quirks.process.kill('SIGUSR1');
  const { outcome } = await quirks.result();

  // It was the bypass on which it ended: it left for its end, if at all, and what the case sends went there.
  const closed = await until('it is closed', async () => {
    const { events } = await scene.daemon.api.events.list.query({ kinds: ['closed'] });
    return events[0];
  });
  const { events: left } = await scene.daemon.api.events.list.query({ kinds: ['left'] });
  expect(left.filter(({ reason }) => reason !== 'closing')).toEqual([]);
  expect(closed.bytes?.bypass).toBeGreaterThan(joined ? carried(joined) : 0);
  return outcome;
}
