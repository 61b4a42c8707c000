import { setTimeout as sleep } from 'node:timers/promises';
import { run, Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { Build } from './support/build.ts';
import { link, Netns } from './support/netns.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';

const PUBLIC_PORT = 8073;
const PORT = 9073;
/** For how long the kernel keeps an entry without a segment, and how long it has none, if nobody sees to it. */
const ENTRY_SECONDS = 10;
const LONGER_MS = 2 * ENTRY_SECONDS * 1000;

test('a connection through a redirected port on loopback takes the bypass', async () => {
  await using scene = await acceleratedScene('redirect');
  await using netns = await Netns.create();
  await netns.nftables(`table ip nat {
    chain output { type nat hook output priority -100; tcp dport ${PUBLIC_PORT} redirect to :${PORT}; }
  }`);
  const where = { cgroup: scene.cgroup.path, netns: netns.name };
  await using server = new Traffic(
    'exchange',
    { server: true, address: `127.0.0.1:${PORT}`, seconds: 60 },
    where,
  );
  await server.port();
  await using client = new Traffic(
    'exchange',
    { client: true, address: `127.0.0.1:${PUBLIC_PORT}`, request: '1-5000', answer: '1-5000', seconds: 60 },
    where,
  );

  const [connection] = await scene.daemon.untilBypassing(PORT);
  expect(connection).toMatchObject({ client: { pid: client.pid }, server: { port: PORT, pid: server.pid } });
  client.stop();
  expect(await client.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('a connection through a router that rewrites both its addresses takes the bypass', async () => {
  await using scene = await acceleratedScene('nat');
  await using client = await Netns.create();
  await using router = await Netns.create();
  await using server = await Netns.create();
  await link(client, '10.73.1.2/24', router, '10.73.1.1/24');
  await link(server, '10.73.2.2/24', router, '10.73.2.1/24');
  await router.sysctl('net.ipv4.ip_forward', 1);
  await router.nftables(`table ip nat {
    chain prerouting { type nat hook prerouting priority dstnat; tcp dport ${PUBLIC_PORT} dnat to 10.73.2.2:${PORT}; }
    chain postrouting { type nat hook postrouting priority srcnat; ip daddr 10.73.2.2 masquerade; }
  }`);
  const { path: cgroup } = scene.cgroup;

  const serverAddress = { server: true, address: `10.73.2.2:${PORT}`, seconds: 60 };
  await using behind = new Traffic('exchange', serverAddress, { cgroup, netns: server.name });
  await behind.port();
  await using visitor = new Traffic(
    'exchange',
    { client: true, address: `10.73.1.1:${PUBLIC_PORT}`, request: '1-5000', answer: '1-5000', seconds: 60 },
    { cgroup, netns: client.name },
  );

  const [connection] = await scene.daemon.untilBypassing(PORT);
  expect(connection).toMatchObject({
    client: { address: '10.73.1.2', pid: visitor.pid },
    server: { address: '10.73.2.2', port: PORT, pid: behind.pid },
  });
  visitor.stop();
  const result = await visitor.result();
  expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  behind.stop();
  expect(await behind.result()).toMatchObject({ wrong: 0, errors: 0, exchanges: result.exchanges });
});

/** A firewall that forgets who has said nothing for some seconds, and drops what it does not know; a program that talks through it, and one beside it. */
async function throughFirewall(stack: AsyncDisposableStack, scene: Scene, pauseMs: number) {
  const netns = stack.use(await Netns.create());
  await netns.nftables(`table ip nat {
    chain output { type nat hook output priority -100; tcp dport ${PUBLIC_PORT} redirect to :${PORT}; }
    chain input { type filter hook input priority 0; ct state invalid drop; }
  }`);
  await netns.sysctl('net.netfilter.nf_conntrack_tcp_timeout_established', ENTRY_SECONDS);
  await netns.sysctl('net.netfilter.nf_conntrack_tcp_loose', 0);
  const where = { cgroup: scene.cgroup.path, netns: netns.name };
  const talk = { 'pause-ms': pauseMs, seconds: 120 };
  const server = stack.use(
    new Traffic('exchange', { ...talk, server: true, address: `127.0.0.1:${PORT}` }, where),
  );
  await server.port();
  const through = stack.use(
    new Traffic('exchange', { ...talk, client: true, address: `127.0.0.1:${PUBLIC_PORT}` }, where),
  );
  const [connection] = await scene.daemon.untilBypassing(PORT);
  const direct = stack.use(new Traffic('exchange', talk, { cgroup: scene.cgroup.path }));
  await scene.daemon.untilBypassing(await direct.port());
  return { connection, netns, clients: [through, direct] };
}

const leavings = async ({ daemon }: Scene) => {
  const { events } = await daemon.api.events.list.query({ kinds: ['left'] });
  return events.map(({ connection, reason }) => `${connection}: ${reason}`);
};

/** On TCP by now, whose segments need the entry. */
async function endWell(clients: readonly Traffic<'exchange'>[]): Promise<void> {
  for (const client of clients) {
    client.stop();
    expect(await client.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  }
}

test.for([
  ['talks all the time', 1],
  // Less than what the firewall allows over TCP.
  ['talks every three seconds', 3000],
] as const)('a firewall does not forget a connection on the bypass that %s', async ([, pauseMs]) => {
  using build = await Build.of('SS_TEST_REFRESHED_SOON');
  await using scene = await acceleratedScene('kept-entry', {}, [], build.prepare);
  await using stack = new AsyncDisposableStack();
  const { clients, netns } = await throughFirewall(stack, scene, pauseMs);
  await sleep(LONGER_MS);
  expect(await leavings(scene)).toEqual([]);
  await scene.daemon.disable();
  const sockets = await run(['ip', 'netns', 'exec', netns.name, 'ss', '-tnoH', 'state', 'established']);
  expect(sockets).toContain(`:${PORT}`);
  // What the kernel has set its timer to by then runs out once more.
  expect(sockets, 'the second that was lent is given back').not.toMatch(/keepalive,(\d+ms|1(\.\d+)?sec)/);
  await endWell(clients);
});

test('where no probe can pass, a connection through a firewall goes by TCP now and then', async () => {
  using build = await Build.of('SS_TEST_REFRESHED_SOON', 'SS_TEST_NO_PROBE');
  await using scene = await acceleratedScene('kept-entry', {}, [], build.prepare);
  await using stack = new AsyncDisposableStack();
  const { connection, clients } = await throughFirewall(stack, scene, 1);
  await sleep(LONGER_MS);
  expect(new Set(await leavings(scene))).toEqual(new Set([`${connection?.id}: network refresh`]));
  await scene.daemon.disable();
  await endWell(clients);
});
