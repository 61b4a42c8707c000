import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startNginx, Traffic, until } from '@sidestep/bench';
import { BpfMap } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

const TURNS = { 'pause-ms': 1, seconds: 60 };

/** Starts the program under the process id; others may take it first, so it may need a few tries. */
function startAs(pid: number, { cgroup }: Scene) {
  return until(`a process gets the id ${pid}`, async () => {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
    if (traffic.pid === pid) return traffic;
    await traffic[Symbol.asyncDispose]();
    return null;
  });
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

/** More entries than the map of clients that wait for their server has room for: the least recently used ones go. */
function crowdOut({ daemon }: Scene): void {
  using map = BpfMap.openPinned(join(daemon.pinDir, 'map_pending'));
  const { keySize, valueSize, maxEntries } = map.info();
  const random = randomBytes(2 * maxEntries * (keySize + valueSize));
  for (let at = 0; at < random.length; at += keySize + valueSize) {
    const value = at + keySize;
    map.update(random.subarray(at, value), random.subarray(value, value + valueSize));
  }
}

test('a client that is crowded out while it waits for its server stays on the stack, and says why', async () => {
  await using scene = await acceleratedScene('evicted');
  const { cgroup, daemon } = scene;
  const port = await freePort();
  // There the server's half of the handshake comes with the first request, or after a second.
  await using _nginx = await startNginx(
    cgroup,
    `listen 127.0.0.1:${port} deferred; location / { return 200 "This is what you asked for.\n"; }`,
  );
  await using clients = new AsyncDisposableStack();
  const { client, kept } = await until('a client has lost its server', async () => {
    const client = clients.use(cgroup.start(['nc', '127.0.0.1', String(port)]));
    const [waiting] = await daemon.untilConnected(port, 'open', ({ client: { pid } }) => pid === client.pid);
    crowdOut(scene);
    client.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    await until('it is answered', () => client.lines.some((line) => line.startsWith('This is')));
    const [kept] = await daemon.connections({ id: waiting?.id });
    return kept?.clientToServer.reason === 'not paired' && { client, kept };
  });
  expect(neverBypassed(kept)).toBe(true);
  for (let request = 2; request <= 10; request++) {
    client.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    await until(
      'it is answered again',
      () => client.lines.filter((line) => line.startsWith('This is')).length === request,
    );
  }
  expect(await daemon.connections({ id: kept.id })).toMatchObject([
    { clientToServer: { path: 'stack', reason: 'not paired' } },
  ]);

  await using later = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  await daemon.untilBypassing(await later.port());
});
