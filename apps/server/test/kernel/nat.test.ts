import { setTimeout as sleep } from 'node:timers/promises';
import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { Build } from './support/build.ts';
import { link, Netns } from './support/netns.ts';
import { acceleratedScene } from './support/scene.ts';

const PUBLIC_PORT = 8073;
const PORT = 9073;
/** For how long the kernel keeps an entry without a segment, and how long it has none, if nobody sees to it. */
const ENTRY_SECONDS = 4;
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

test('a connection through a firewall goes by TCP now and then, so that its entry is kept', async () => {
  using build = await Build.of('SS_TEST_REFRESHED_SOON');
  await using scene = await acceleratedScene('kept-entry', {}, [], build.prepare);
  await using netns = await Netns.create();
  await netns.nftables(`table ip nat {
    chain output { type nat hook output priority -100; tcp dport ${PUBLIC_PORT} redirect to :${PORT}; }
    chain input { type filter hook input priority 0; ct state invalid drop; }
  }`);
  await netns.sysctl('net.netfilter.nf_conntrack_tcp_timeout_established', ENTRY_SECONDS);
  await netns.sysctl('net.netfilter.nf_conntrack_tcp_loose', 0);
  const where = { cgroup: scene.cgroup.path, netns: netns.name };
  const talk = { 'pause-ms': 1, seconds: 120 };
  await using server = new Traffic(
    'exchange',
    { ...talk, server: true, address: `127.0.0.1:${PORT}` },
    where,
  );
  await server.port();
  await using through = new Traffic(
    'exchange',
    { ...talk, client: true, address: `127.0.0.1:${PUBLIC_PORT}` },
    where,
  );
  const [connection] = await scene.daemon.untilBypassing(PORT);
  await using direct = new Traffic('exchange', talk, { cgroup: scene.cgroup.path });
  await scene.daemon.untilBypassing(await direct.port());
  await sleep(LONGER_MS);

  const { events } = await scene.daemon.api.events.list.query({ kinds: ['left'] });
  expect(new Set(events.map(({ connection, reason }) => `${connection}: ${reason}`))).toEqual(
    new Set([`${connection?.id}: network refresh`]),
  );
  // By TCP from here on, whose segments need the entry.
  await scene.daemon.disable();
  for (const client of [through, direct]) {
    client.stop();
    expect(await client.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  }
});
