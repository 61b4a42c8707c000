import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Traffic, until } from '@sidestep/bench';
import { BpfMap } from '@sidestep/libbpf';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { endsWell, exchange } from './support/exchange.ts';
import { Netns } from './support/netns.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

const PORT = 8075;
const OTHER_PORT = 8076;
/** The sequence number that a client begins with. */
const ISN = 0x51de57e9;
/** Milliseconds; on a busy host many try for the same id, and TCP tries again after ever longer rests. */
const PATIENCE = { deadline: 120_000 };
const WELL = { wrong: 0, errors: 0, unfinished: 0 };
const TURNS = { 'pause-ms': 1, seconds: 60 };

/** A splicer that has been learned, and is gone. */
async function goneSplicer({ cgroup, daemon }: Scene): Promise<number> {
  await using splicer = new Traffic('splicer', { turns: 1_000_000 }, { cgroup: cgroup.path });
  await daemon.untilConnected(
    await splicer.port(),
    'kept on the stack',
    ({ clientToServer }) => clientToServer.reason === 'splicing reader',
  );
  splicer.stop();
  await splicer.result();
  return splicer.pid;
}

/** Starts the program under the process id; others may take it first, and keep it. */
async function startAs(pid: number, { cgroup }: Scene) {
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
  const traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  if (traffic.pid === pid) return traffic;
  await traffic[Symbol.asyncDispose]();
  return null;
}

test('a process with the id of one that spliced takes the bypass', async () => {
  await using scene = await acceleratedScene('pid');
  await using traffic = await until(
    'a process gets the id of one that spliced',
    async () => startAs(await goneSplicer(scene), scene),
    PATIENCE,
  );
  const [joined] = await scene.daemon.untilBypassing(await traffic.port());
  expect(joined).toMatchObject({ client: { pid: traffic.pid, comm: 'exchange' } });
});

/** The last segment of the handshake, and all that follows, does not arrive. */
async function holdServersBack(netns: Netns): Promise<void> {
  await netns.nftables(`table inet held {
    chain input {
      type filter hook input priority 0
      tcp dport { ${PORT}, ${OTHER_PORT} } tcp flags & syn == 0 drop
    }
  }`);
}

async function letServersGo(netns: Netns): Promise<void> {
  await netns.nftables('delete table inet held');
}

const waitsForServer = ({ server }: Connection) => server.pid === 0;

/** What the kernel does when the map of clients that wait for their server is full: the least recently used one goes. */
function crowdOut({ daemon }: Scene, connection: string | undefined): void {
  using map = BpfMap.openPinned(join(daemon.pinDir, 'map_pending'));
  // A value begins with the connection's id.
  const waiting = map.keys().find((key) => String(map.lookup(key)?.readBigUInt64LE()) === connection);
  if (!waiting) throw new Error('The client does not wait for its server.');
  map.delete(waiting);
}

test('a client that is crowded out while it waits for its server stays on the stack, and says why', async () => {
  await using scene = await acceleratedScene('evicted');
  const { cgroup, daemon } = scene;
  await using netns = await Netns.create();
  const where = { cgroup: cgroup.path, netns: netns.name };
  await holdServersBack(netns);
  await using traffic = new Traffic('exchange', { ...TURNS, address: `127.0.0.1:${PORT}` }, where);
  const [waiting] = await daemon.untilConnected(PORT, 'waiting for its server', waitsForServer);
  crowdOut(scene, waiting?.id);
  await letServersGo(netns);

  const kept = await until(
    'they talk',
    async () => {
      const [connection] = await daemon.connections({ port: PORT });
      return connection && connection.clientToServer.messages.stack > 20 && connection;
    },
    PATIENCE,
  );
  expect(kept.clientToServer.reason).toBe('not paired');
  expect(neverBypassed(kept)).toBe(true);
  traffic.stop();
  expect(await traffic.result()).toMatchObject(WELL);

  await using later = new Traffic('exchange', TURNS, where);
  await daemon.untilBypassing(await later.port());
});

/** Both wait for their servers at the same moment, which draw numbers of their own. */
test('connections that begin with the same number are not mistaken for each other', async () => {
  await using scene = await acceleratedScene('same-isn');
  const { cgroup, daemon } = scene;
  await using netns = await Netns.create();
  const where = { cgroup: cgroup.path, netns: netns.name };
  await holdServersBack(netns);
  const begin = (port: number) =>
    new Traffic('exchange', { ...TURNS, count: 2000, address: `127.0.0.1:${port}`, isn: ISN }, where);
  await using one = begin(PORT);
  await daemon.untilConnected(PORT, 'waiting for its server', waitsForServer);
  await using other = begin(OTHER_PORT);
  await daemon.untilConnected(OTHER_PORT, 'waiting for its server', waitsForServer);
  await letServersGo(netns);

  for (const traffic of [one, other]) expect(await traffic.result()).toMatchObject(WELL);
  const closed = await until('both are listed as closed', async () => {
    const all = await daemon.connections({ includeClosed: true });
    return all.every(({ open }) => !open) && all.length === 2 && all;
  });
  for (const [port, { pid }] of [
    [PORT, one],
    [OTHER_PORT, other],
  ] as const) {
    const connection = closed.find(({ server }) => server.port === port);
    expect(connection).toMatchObject({ client: { pid }, server: { pid } });
    expect(connection?.clientToServer.bytes.bypass).toBeGreaterThan(0);
  }
});

test('a client whose number another SYN has brought to a listener waits for its server in vain, on the stack', async () => {
  await using scene = await acceleratedScene('remote-isn');
  const { daemon } = scene;
  const visiting = { ...TURNS, client: true, isn: ISN };
  await using server = exchange(scene, { server: true, seconds: 60 });
  const address = `127.0.0.1:${await server.port()}`;
  // Nobody of ours asks for what such a SYN leaves behind.
  const visitFromOutside = async () => {
    await using visitor = new Traffic('exchange', { ...visiting, address, count: 50 });
    expect(await visitor.result()).toMatchObject(WELL);
  };
  await visitFromOutside();
  await using remote = new Traffic('exchange', { server: true, seconds: 60 });
  const port = await remote.port();
  await using client = exchange(scene, { ...visiting, address: `127.0.0.1:${port}` });
  await daemon.untilConnected(port, 'waiting for its server', waitsForServer);
  // The client waits, and here is a server whose own client began with the same number.
  await visitFromOutside();

  const [kept] = await daemon.untilConnected(
    port,
    'talking',
    ({ clientToServer: { messages } }) => messages.stack > 200,
  );
  expect(kept).toMatchObject({ server: { pid: 0 }, clientToServer: { reason: 'not paired' } });
  expect(kept && neverBypassed(kept)).toBe(true);
  await endsWell(client);
});
