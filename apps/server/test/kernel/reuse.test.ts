import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Traffic, until } from '@sidestep/bench';
import { BpfMap } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { Netns } from './support/netns.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

const PORT = 8075;
/** Milliseconds; on a busy host many try for the same id, and TCP tries again after ever longer rests. */
const PATIENCE = { deadline: 120_000 };
const TURNS = { 'pause-ms': 1, seconds: 60 };

/** Starts the program under the process id; others may take it first, so it may need a few tries. */
function startAs(pid: number, { cgroup }: Scene) {
  return until(
    `a process gets the id ${pid}`,
    async () => {
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
      const traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
      if (traffic.pid === pid) return traffic;
      await traffic[Symbol.asyncDispose]();
      return null;
    },
    PATIENCE,
  );
}

test('a process with the id of one that spliced takes the bypass', async () => {
  await using scene = await acceleratedScene('pid');
  await using splicer = new Traffic('splicer', { turns: 1_000_000 }, { cgroup: scene.cgroup.path });
  await scene.daemon.untilConnected(
    await splicer.port(),
    'kept on the stack',
    ({ clientToServer }) => clientToServer.reason === 'splicing reader',
  );
  splicer.stop();
  await splicer.result();

  await using traffic = await startAs(splicer.pid, scene);
  const [joined] = await scene.daemon.untilBypassing(await traffic.port());
  expect(joined).toMatchObject({ client: { pid: splicer.pid, comm: 'exchange' } });
});

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
  // The last segment of the handshake, and all that follows, does not arrive until this rule goes.
  await netns.nftables(`table inet held {
    chain input {
      type filter hook input priority 0
      tcp dport ${PORT} tcp flags & syn == 0 drop
    }
  }`);
  await using traffic = new Traffic('exchange', { ...TURNS, address: `127.0.0.1:${PORT}` }, where);
  const [waiting] = await daemon.untilConnected(
    PORT,
    'waiting for its server',
    ({ server: { pid } }) => pid === 0,
  );
  crowdOut(scene, waiting?.id);
  await netns.nftables('delete table inet held');

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
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });

  await using later = new Traffic('exchange', TURNS, where);
  await daemon.untilBypassing(await later.port());
});
