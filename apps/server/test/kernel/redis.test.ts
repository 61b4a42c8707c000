import { startRedis, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const CLIENTS = 10;
const INCREMENTS = 600_000;

test('redis and redis-benchmark talk on the bypass, and every increment counts', async () => {
  await using scene = await acceleratedScene('redis');
  const { cgroup, daemon } = scene;
  await using server = await startRedis(cgroup);
  const { port } = server;

  const target = ['-p', String(port), '-c', String(CLIENTS), '-n', String(INCREMENTS), '-q'];
  await using benchmark = cgroup.start(['redis-benchmark', ...target, 'INCR', 'counter']);
  const connections = await daemon.untilConnected(
    port,
    'on the bypass from redis-benchmark',
    ({ client, clientToServer, serverToClient }) =>
      client.comm === 'redis-benchmark' &&
      clientToServer.path === 'bypass' &&
      serverToClient.path === 'bypass',
    CLIENTS,
  );
  for (const connection of connections) {
    expect(connection).toMatchObject({
      client: { address: '127.0.0.1', comm: 'redis-benchmark', pid: benchmark.pid },
      server: { address: '127.0.0.1', port, comm: 'redis-server', pid: server.pid },
    });
  }

  expect(await benchmark.result()).toContain('requests per second');
  expect(await server.cli('GET', 'counter')).toBe(String(INCREMENTS));
});

test('a blocking redis-cli, allowed on the bypass, gets values of all sizes right', async () => {
  await using scene = await acceleratedScene('redis-cli', { allowBlockingReaders: true });
  const { cgroup, daemon } = scene;
  await using server = await startRedis(cgroup);
  const { port } = server;

  await using client = cgroup.start(['redis-cli', '-p', String(port)]);
  const values = Array.from({ length: 40 }, (_, index) =>
    String.fromCharCode(97 + (index % 26)).repeat(1 + index ** 3),
  );
  for (const [index, value] of values.entries()) client.write(`SET key${index} ${value}\nGET key${index}\n`);
  await until('all answers are there', () => client.lines.length >= 2 * values.length);
  expect(client.lines).toEqual(values.flatMap((value) => ['OK', value]));

  // Its first question is answered by more than its buffer holds, so it need not be there any more.
  const [connection] = await daemon.untilConnected(
    port,
    'seen on the bypass',
    ({ clientToServer }) => clientToServer.messages.bypass > 0,
  );
  expect(connection).toMatchObject({ client: { pid: client.pid }, server: { pid: server.pid } });
});
