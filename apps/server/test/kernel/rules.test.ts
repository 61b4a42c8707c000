import { setTimeout as sleep } from 'node:timers/promises';
import { Traffic, type TrafficOptions, type TrafficProgram, until } from '@sidestep/bench';
import type { Connection, PortRange } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { endsWell, exchange } from './support/exchange.ts';
import { Netns } from './support/netns.ts';
import { recordsOf, untilUnwatched } from './support/records.ts';
import { writeRules } from './support/rules.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

/** Many turns: of programs that do not block, of one that does, and none. */
const BUSY = { connections: 4, seconds: 300, 'pause-ms': 1 };
const BLOCKING = { connections: 1, threads: 1, turns: 2500, 'pause-ms': 1, blocking: true };
const STREAM = { nodelay: true, send: 16_384, rate: 50_000_000, seconds: 300 };
/** Long enough to join many times over, if nothing kept them. */
const A_WHILE = 1500;
const STACK = 0;
const PUBLIC_PORT = 8074;
const PORT = 9074;

const kept = ({ clientToServer, serverToClient }: Connection) =>
  [clientToServer, serverToClient].every(
    ({ path, reason }) => path === 'stack' && reason === 'kept by a rule',
  );

const hasBypassed = (connection: Connection) => !neverBypassed(connection);

const only = (port: number): PortRange => ({ first: port, last: port });

async function keep({ daemon }: Scene, ...keepOnStack: PortRange[]): Promise<void> {
  await daemon.api.settings.update.mutate({ keepOnStack });
}

/** All of them, and for good. */
async function untilKept({ daemon }: Scene, port: number, count: number): Promise<void> {
  const before = await daemon.untilConnected(port, 'kept', kept, count);
  await sleep(A_WHILE);
  const messages = new Map(before.map(({ id, clientToServer }) => [id, clientToServer.messages.stack]));
  const after = await daemon.untilConnected(
    port,
    'going on',
    ({ id, clientToServer }) =>
      clientToServer.messages.stack > (messages.get(id) ?? Number.POSITIVE_INFINITY),
    count,
  );
  for (const { id, clientToServer } of before) {
    const now = after.find((connection) => connection.id === id);
    expect(now).toMatchObject({ clientToServer: { bytes: { bypass: clientToServer.bytes.bypass } } });
  }
}

test('connections that talk leave the bypass when a rule covers them, and come back when it goes', async () => {
  await using scene = await acceleratedScene('rule');
  await using covered = exchange(scene, BUSY);
  await using other = exchange(scene, BUSY);
  const [port, otherPort] = [await covered.port(), await other.port()];
  const joined = await scene.daemon.untilBypassing(port, 4);
  const others = await scene.daemon.untilBypassing(otherPort, 4);

  await keep(scene, only(1), { first: port, last: port });
  await untilKept(scene, port, 4);
  await untilUnwatched(scene.daemon, port);
  const left = await scene.daemon.api.events.list.query({ kinds: ['left'] });
  for (const { id } of joined)
    expect(left.events.filter(({ connection }) => connection === id).map(({ reason }) => reason)).toContain(
      'kept by a rule',
    );
  expect(left.events.filter(({ connection }) => others.some(({ id }) => id === connection))).toEqual([]);

  await keep(scene);
  const back = await scene.daemon.untilBypassing(port, 4);
  expect(back.map(({ id }) => id).sort()).toEqual(joined.map(({ id }) => id).sort());
  await endsWell(covered);
  await endsWell(other);
});

test('a connection that is silent leaves the bypass, too', async () => {
  await using scene = await acceleratedScene('silent');
  await using traffic = exchange(scene, { ...BUSY, 'pause-ms': 250 });
  const port = await traffic.port();
  await scene.daemon.untilBypassing(port, 4);
  // Both ends are in this process. It is between two exchanges, or as good as always.
  traffic.process.kill('SIGSTOP');
  await keep(scene, only(port));
  await scene.daemon.untilConnected(port, 'kept', kept, 4);
  traffic.process.kill('SIGCONT');
  await endsWell(traffic);
});

/** As with jobs of a broker that are taken one by one: there is no moment at which none of them waits, nor so many that the queue is full. */
test('a connection that always has requests under way leaves the bypass, too', async () => {
  await using scene = await acceleratedScene('window');
  await using requests = new Traffic(
    'multiplex',
    { window: 40, 'work-us': 1000, seconds: 600 },
    { cgroup: scene.cgroup.path },
  );
  const port = await requests.port();
  const sent = ({ clientToServer }: Connection) => clientToServer.messages.bypass;
  const untilMore = async (count: number) => {
    const [one] = await scene.daemon.untilConnected(port, `${count} on the bypass`, (it) => sent(it) > count);
    return one ? sent(one) : 0;
  };
  const alone = await untilMore(10);
  requests.process.kill('SIGUSR1');
  const before = await untilMore(alone + 100);
  await keep(scene, only(port));
  const [after] = await scene.daemon.untilConnected(port, 'kept', kept);
  expect(after && sent(after) - before).toBeLessThan(10 * 256);
  requests.stop();
  expect(await requests.result()).toMatchObject({ wrong: 0, right: true });
});

test('connections that talk leave by themselves, even while the daemon stands still', async () => {
  await using scene = await acceleratedScene('still');
  const { daemon } = scene;
  await using traffic = exchange(scene, BUSY);
  const port = await traffic.port();
  await daemon.untilBypassing(port, 4);
  daemon.process.kill('SIGSTOP');
  try {
    writeRules(daemon, [only(port)]);
    await until('the kernel has them on the stack', () => {
      const records = recordsOf(daemon, port);
      return records.length === 4 && records.every(({ state }) => state === STACK);
    });
  } finally {
    daemon.process.kill('SIGCONT');
  }
  await endsWell(traffic);
});

interface Case {
  readonly what: string;
  readonly program: TrafficProgram;
  readonly options: TrafficOptions;
  readonly count: number;
  readonly blocking: boolean;
}

const CASES: Case[] = [
  { what: 'conversations', program: 'exchange', options: BUSY, count: 4, blocking: false },
  { what: 'readers that block', program: 'shorts', options: BLOCKING, count: 1, blocking: true },
  { what: 'a stream', program: 'stream', options: STREAM, count: 1, blocking: false },
];

test.for(CASES)('a new connection to a port in a range never takes the bypass: $what', async (one) => {
  const { program, options, count, blocking } = one;
  await using scene = await acceleratedScene('range', { allowBlockingReaders: blocking });
  await keep(scene, { first: PORT - 74, last: PORT - 1 }, { first: PORT - 1, last: PORT + 1 });
  const listening = { address: `127.0.0.1:${PORT}`, ...options };
  await using traffic = new Traffic(program, listening, { cgroup: scene.cgroup.path });
  await traffic.port();
  await untilKept(scene, PORT, count);
  expect((await scene.daemon.connections({ port: PORT })).every(neverBypassed)).toBe(true);

  await keep(scene, { first: PORT - 74, last: PORT - 1 }, { first: PORT + 1, last: PORT + 1 });
  // Those that block join at their establishment or never.
  if (!blocking) await scene.daemon.untilConnected(PORT, 'on the bypass', hasBypassed, count);
  traffic.stop();
  expect(await traffic.result()).toMatchObject({
    ...(program === 'exchange' && { unfinished: 0 }),
    wrong: 0,
    errors: 0,
  });
});

test.for(CASES.filter(({ program }) => program !== 'stream'))(
  'it is the port of the server that counts, not the one that its client calls: $what',
  async ({ program, options, count, blocking }) => {
    await using scene = await acceleratedScene('called', { allowBlockingReaders: blocking });
    await using netns = await Netns.create();
    await netns.nftables(`table ip nat {
      chain output { type nat hook output priority -100; tcp dport ${PUBLIC_PORT} redirect to :${PORT}; }
    }`);
    await keep(scene, only(PORT));
    const addresses = { address: `127.0.0.1:${PORT}`, to: `127.0.0.1:${PUBLIC_PORT}` };
    const where = { cgroup: scene.cgroup.path, netns: netns.name };
    await using traffic = new Traffic(program, { ...addresses, ...options }, where);
    await traffic.port();
    await untilKept(scene, PORT, count);
    expect((await scene.daemon.connections({ port: PORT })).every(neverBypassed)).toBe(true);
    traffic.stop();
    expect(await traffic.result()).toMatchObject({
      ...(program === 'exchange' && { unfinished: 0 }),
      wrong: 0,
      errors: 0,
    });
  },
);

test('a rule outlives the daemon, and holds while there is none', async () => {
  await using scene = await acceleratedScene('outlives');
  await using traffic = exchange(scene, BUSY);
  const port = await traffic.port();
  await scene.daemon.untilBypassing(port, 4);
  expect(await scene.daemon.verb('settings', '--keep-on-stack', `1,${port}`)).toMatchObject({ status: 0 });
  await untilKept(scene, port, 4);
  await scene.daemon.stop('SIGKILL');
  await sleep(A_WHILE);
  await scene.daemon.start();
  expect(await scene.daemon.api.settings.get.query()).toMatchObject({ keepOnStack: [only(1), only(port)] });
  await untilKept(scene, port, 4);
  await scene.daemon.disable();
  await scene.daemon.enable();
  await untilKept(scene, port, 4);
  expect(await scene.daemon.verb('settings', '--keep-on-stack', 'none')).toMatchObject({ status: 0 });
  await scene.daemon.untilBypassing(port, 4);
  await endsWell(traffic);
});
