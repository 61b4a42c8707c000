import { Cgroup, Textbook, Traffic, type TrafficOptions, type TrafficProgram, until } from '@sidestep/bench';
import type { Connection, Reason } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { endsWell, exchange } from './support/exchange.ts';
import { Netns } from './support/netns.ts';
import { plainOutcome } from './support/quirks.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { stoppedReader } from './support/stopped-reader.ts';
import { neverBypassed } from './support/test-daemon.ts';

interface Kept {
  readonly reason: Reason;
  readonly program: TrafficProgram;
  readonly options: TrafficOptions;
}

const KEPT: Kept[] = [
  { reason: 'warming up', program: 'exchange', options: { seconds: 300, 'pause-ms': 30_000 } },
  {
    reason: 'low-water mark',
    program: 'exchange',
    options: { seconds: 300, 'low-water': 64, 'pause-ms': 1 },
  },
  {
    reason: 'zero-copy sender',
    program: 'exchange',
    options: { seconds: 300, 'zero-copy': true, 'pause-ms': 1 },
  },
  { reason: 'special socket', program: 'exchange', options: { seconds: 300, mptcp: true, 'pause-ms': 1 } },
  { reason: 'special socket', program: 'exchange', options: { address: '127.0.0.1:23', seconds: 300 } },
  { reason: 'closing', program: 'stream', options: { half: true, send: 65_536 } },
  { reason: 'streaming', program: 'stream', options: { rate: 1_000_000, send: 64 } },
  {
    reason: 'blocking reader',
    program: 'shorts',
    options: { connections: 1, turns: 1000, 'pause-ms': 2, blocking: true },
  },
];

test.for(KEPT)('a connection is kept on the stack: $reason', async ({ reason, program, options }) => {
  await using scene = await acceleratedScene('kept');
  await using traffic = new Traffic(program, options, { cgroup: scene.cgroup.path });
  const [kept] = await scene.daemon.untilConnected(
    await traffic.port(),
    `kept for the reason "${reason}"`,
    ({ clientToServer, serverToClient }) =>
      [clientToServer, serverToClient].some((way) => way.reason === reason),
  );
  expect(kept && neverBypassed(kept)).toBe(true);

  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0 });
});

test('a connection is kept on the stack: not paired, for its SYN carried data', async () => {
  await using scene = await acceleratedScene('fastopen');
  await using netns = await Netns.create();
  await netns.sysctl('net.ipv4.tcp_fastopen', 3);
  await using traffic = new Traffic(
    'shorts',
    { fastopen: true, connections: 4, threads: 1, turns: 200, 'pause-ms': 10 },
    { cgroup: scene.cgroup.path, netns: netns.name },
  );
  const [kept] = await scene.daemon.untilConnected(
    await traffic.port(),
    'not paired',
    ({ clientToServer }) => clientToServer.reason === 'not paired',
  );
  expect(kept && neverBypassed(kept)).toBe(true);
  expect(await traffic.result()).toMatchObject({ done: 4, wrong: 0, errors: 0 });
});

test('a connection leaves the bypass: queue full', async () => {
  await using scene = await acceleratedScene('left', { queueCap: 65_536 });
  await using traffic = new Traffic('stall', { 'warm-ms': 0, send: 60_000 }, { cgroup: scene.cgroup.path });
  const [joined] = await scene.daemon.untilBypassing(await traffic.port());

  traffic.process.kill('SIGUSR1');
  await untilLeft(scene, joined, 'queue full');
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0 });
});

test('a connection leaves the bypass: streaming', async () => {
  await using scene = await acceleratedScene('left');
  await using traffic = new Traffic(
    'exchange',
    { nagle: true, 'burst-every': 20_000, burst: 4_000_000, piece: 64, seconds: 60 },
    { cgroup: scene.cgroup.path },
  );
  const [joined] = await scene.daemon.untilBypassing(await traffic.port());

  await untilLeft(scene, joined, 'streaming');
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0 });
});

test('a connection leaves the bypass: switched off', async () => {
  await using scene = await acceleratedScene('off');
  await using traffic = new Traffic(
    'exchange',
    { 'pause-ms': 1, seconds: 60 },
    { cgroup: scene.cgroup.path },
  );
  const [joined] = await scene.daemon.untilBypassing(await traffic.port());

  await scene.daemon.disable();
  await untilLeft(scene, joined, 'switched off');
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0 });
});

test('a connection leaves the bypass: bytes on the stack', async () => {
  await using scene = await acceleratedScene('behind');
  await using quirks = new Traffic('quirks', { case: 'stay-behind' }, { cgroup: scene.cgroup.path });
  const [joined] = await scene.daemon.untilBypassing(await quirks.port());
  quirks.process.kill('SIGUSR1');
  await untilLeft(scene, joined, 'low-water mark');
  quirks.process.kill('SIGUSR1');
  await untilLeft(scene, joined, 'bytes on the stack');
  quirks.process.kill('SIGUSR1');
  expect((await quirks.result()).outcome).toBe(await plainOutcome('stay-behind'));
});

test.for(['send-after-shutdown', 'peer-shut-down'])(
  'a connection leaves the bypass: closing (%s)',
  async (name) => {
    await using scene = await acceleratedScene('closing');
    await using quirks = new Traffic('quirks', { case: name }, { cgroup: scene.cgroup.path });
    await scene.daemon.untilBypassing(await quirks.port());
    quirks.process.kill('SIGUSR1');
    // Its end may come before it has left.
    const closed = await until('it is closed', async () => {
      const { events } = await scene.daemon.api.events.list.query({ kinds: ['closed'] });
      return events[0];
    });
    expect(closed.reason).toBe('closing');
    expect((await quirks.result()).outcome).toBe(await plainOutcome(name));
  },
);

/** Another program's map has the client's socket, with a verdict of its own, or none, which the kernel would not refuse. */
test.for([true, false])(
  'a connection is kept on the stack: refused by the kernel, with a verdict: %s',
  async (verdict) => {
    await using scene = await acceleratedScene('refused');
    await using taken = new Cgroup('taken', scene.cgroup.path);
    using _textbook = Textbook.attach(taken.path, { verdict });
    await using server = exchange(scene, { server: true, seconds: 60 });
    const port = await server.port();
    await using client = new Traffic(
      'exchange',
      { client: true, address: `127.0.0.1:${port}`, 'pause-ms': 1, seconds: 60 },
      { cgroup: taken.path },
    );
    const [kept] = await scene.daemon.untilConnected(
      port,
      'refused by the kernel',
      ({ clientToServer }) => clientToServer.reason === 'refused by the kernel',
    );
    expect(kept && neverBypassed(kept)).toBe(true);

    // It is nobody's business who resets what keeps acceleration on.
    await using programs = new AsyncDisposableStack();
    await stoppedReader(scene, programs);
    expect(await scene.daemon.verb('disable', '--now')).toMatchObject({ status: 0 });
    await endsWell(client);
  },
);

/** Whether it left before, for whatever reason, and came back is not asked here. */
async function untilLeft(
  { daemon }: Scene,
  connection: Connection | undefined,
  reason: Reason,
): Promise<void> {
  await until(`it leaves for the reason "${reason}"`, async () => {
    const { events } = await daemon.api.events.list.query({ kinds: ['left'] });
    return events.some((event) => event.connection === connection?.id && event.reason === reason);
  });
}
