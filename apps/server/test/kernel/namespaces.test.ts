import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { link, Netns } from './support/netns.ts';
import { acceleratedScene } from './support/scene.ts';

const PORT = 8071;
const CONNECTIONS = 4;

test('two namespaces with the same addresses and ports are never mixed', async () => {
  await using scene = await acceleratedScene('namespaces');
  await using one = await Netns.create();
  await using other = await Netns.create();
  await using programs = new AsyncDisposableStack();

  const pairs = [];
  for (const netns of [one, other]) {
    // So few that both namespaces must choose the same.
    await netns.sysctl('net.ipv4.ip_local_port_range', `40000 ${40_000 + CONNECTIONS - 1}`);
    const where = { cgroup: scene.cgroup.path, netns: netns.name };
    const address = `127.0.0.1:${PORT}`;
    const server = programs.use(new Traffic('exchange', { server: true, address, seconds: 60 }, where));
    await server.port();
    const client = programs.use(
      new Traffic(
        'exchange',
        { client: true, address, connections: CONNECTIONS, request: '1-5000', answer: '1-5000', seconds: 60 },
        where,
      ),
    );
    pairs.push({ client, server });
  }

  const connections = await scene.daemon.untilBypassing(PORT, 2 * CONNECTIONS);
  const tuples = connections.map(
    ({ client, server }) => `${client.address}:${client.port} ${server.address}:${server.port}`,
  );
  expect(new Set(tuples).size).toBe(CONNECTIONS);
  expect(new Set(connections.map(({ client }) => client.netns)).size).toBe(2);
  for (const { client, server } of connections) {
    expect(server.netns).toBe(client.netns);
    const pair = pairs.find((candidate) => candidate.client.pid === client.pid);
    expect(server.pid).toBe(pair?.server.pid);
  }

  for (const { client, server } of pairs) {
    client.stop();
    const result = await client.result();
    expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
    server.stop();
    expect(await server.result()).toMatchObject({ wrong: 0, errors: 0, exchanges: result.exchanges });
  }
});

test.for([
  { family: 'IPv4', near: '10.72.0.1', far: '10.72.0.2', prefix: 24 },
  { family: 'IPv6', near: 'fd72::1', far: 'fd72::2', prefix: 64 },
])('a connection between two namespaces takes the bypass ($family)', async ({ near, far, prefix }) => {
  await using scene = await acceleratedScene('veth');
  await using one = await Netns.create();
  await using other = await Netns.create();
  await link(one, `${near}/${prefix}`, other, `${far}/${prefix}`);
  const { path: cgroup } = scene.cgroup;
  const address = near.includes(':') ? `[${near}]:${PORT}` : `${near}:${PORT}`;

  await using server = new Traffic(
    'exchange',
    { server: true, address, seconds: 60 },
    { cgroup, netns: one.name },
  );
  await server.port();
  await using client = new Traffic(
    'exchange',
    { client: true, address, request: '1-5000', answer: '1-5000', seconds: 60 },
    { cgroup, netns: other.name },
  );

  const [connection] = await scene.daemon.untilBypassing(PORT);
  expect(connection).toMatchObject({
    client: { address: far, pid: client.pid },
    server: { address: near, port: PORT, pid: server.pid },
  });
  expect(connection?.client.netns).not.toBe(connection?.server.netns);

  client.stop();
  const result = await client.result();
  expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  server.stop();
  expect(await server.result()).toMatchObject({ wrong: 0, errors: 0, exchanges: result.exchanges });
});
