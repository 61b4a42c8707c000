import { freePort, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const CLIENTS = 10;
const INCREMENTS = 300_000;

test('redis and redis-benchmark talk on the bypass, and every increment counts', async () => {
  await using scene = await acceleratedScene('redis');
  const { cgroup, daemon } = scene;
  const port = await freePort();
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    save: '',
    appendonly: 'no',
    dir: daemon.stateDir,
  };
  await using server = cgroup.start([
    'redis-server',
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
  ]);
  const cli = (...words: string[]) => cgroup.run(['redis-cli', '-p', String(port), ...words]);
  await until('redis answers', async () => (await cli('PING')) === 'PONG');

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
  expect(await cli('GET', 'counter')).toBe(String(INCREMENTS));
});

test('a blocking redis-cli, allowed on the bypass, gets values of all sizes right', async () => {
  await using scene = await acceleratedScene('redis-cli', { allowBlockingReaders: true });
  const { cgroup, daemon } = scene;
  const port = await freePort();
  await using server = cgroup.start([
    'redis-server',
    '--port',
    String(port),
    '--save',
    '',
    '--dir',
    daemon.stateDir,
  ]);
  await until(
    'redis answers',
    async () => (await cgroup.run(['redis-cli', '-p', String(port), 'PING'])) === 'PONG',
  );

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
