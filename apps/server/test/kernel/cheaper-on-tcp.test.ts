import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@sidestep/bench';
import { BpfMap } from '@sidestep/libbpf';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { endsWell, exchange } from './support/exchange.ts';
import { pairOf, untilUnwatched } from './support/records.ts';
import { writeRules } from './support/rules.ts';
import { acceleratedScene } from './support/scene.ts';
import { neverBypassed, onBypass, type TestDaemon } from './support/test-daemon.ts';

const BUSY = { connections: 4, seconds: 300, 'pause-ms': 1 };
/** More than enough for the daemon to notice. */
const LARGE = { connections: 8, seconds: 300, request: 64, answer: 65_536 };
const A_WHILE = 1500;
const YES = Buffer.alloc(1, 1);

const kept = ({ clientToServer, serverToClient }: Connection) =>
  [clientToServer, serverToClient].every(
    ({ path, reason }) => path === 'stack' && reason === 'cheaper on TCP',
  );

/** Of the programs that are connected through the port: as the daemon would after a trial, put on TCP, or back. */
function decide(daemon: TestDaemon, port: number, forTcp: boolean): void {
  using cheaper = BpfMap.openPinned(join(daemon.pinDir, 'map_cheaper'));
  const key = pairOf(daemon, port);
  if (forTcp) cheaper.update(key, YES);
  else cheaper.delete(key);
  writeRules(daemon);
}

test('connections of two programs that cost less on TCP leave the bypass, new ones do not come to it, and all return afterwards', async () => {
  await using scene = await acceleratedScene('cheaper');
  const { daemon } = scene;
  await using covered = exchange(scene, BUSY);
  await using other = exchange(scene, BUSY);
  const [port, otherPort] = [await covered.port(), await other.port()];
  const joined = await daemon.untilBypassing(port, 4);
  const others = await daemon.untilBypassing(otherPort, 4);

  decide(daemon, port, true);
  const before = await daemon.untilConnected(port, 'on TCP', kept, 4);
  await using late = exchange(scene, { ...BUSY, client: true, to: `127.0.0.1:${port}` });
  await daemon.untilConnected(port, 'on TCP', kept, 8);
  await untilUnwatched(daemon, port);
  await sleep(A_WHILE);
  const after = await daemon.connections({ port });
  expect(after.filter(neverBypassed)).toHaveLength(4);
  for (const { id, clientToServer } of before) {
    const now = after.find((connection) => connection.id === id);
    expect(now?.clientToServer.bytes.bypass).toBe(clientToServer.bytes.bypass);
    expect(now?.clientToServer.messages.stack).toBeGreaterThan(clientToServer.messages.stack);
  }
  const { events } = await daemon.api.events.list.query({ kinds: ['left'] });
  for (const { id } of joined)
    expect(events.find(({ connection }) => connection === id)).toMatchObject({ reason: 'cheaper on TCP' });
  expect(events.filter(({ connection }) => others.some(({ id }) => id === connection))).toEqual([]);

  decide(daemon, port, false);
  await daemon.untilBypassing(port, 8);
  for (const traffic of [late, covered, other]) await endsWell(traffic);
});

test('both paths are tried for large messages, and no byte is lost in it', async () => {
  await using scene = await acceleratedScene('weighed');
  const { daemon } = scene;
  await using traffic = exchange(scene, { ...LARGE, cpu: 0, 'peer-cpu': 1 });
  const port = await traffic.port();
  await daemon.untilBypassing(port, 8);
  await until(
    'they have left for a trial',
    async () =>
      (await daemon.api.events.list.query({ kinds: ['left'] })).events.some(
        ({ reason }) => reason === 'cheaper on TCP',
      ),
    { deadline: 60_000, every: 200 },
  );
  await until('all of them are on one path again', async () => {
    const open = await daemon.connections({ port });
    const said = daemon.process.lines.some((line) => line.includes('Its connections stay on TCP.'));
    return open.length === 8 && open.every(said ? kept : onBypass);
  });
  // Who takes over knows nothing of it.
  await daemon.stop();
  await daemon.start();
  await daemon.untilBypassing(port, 8);
  await endsWell(traffic);
});
