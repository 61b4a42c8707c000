import { startPostgresql, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

test('PostgreSQL, pgbench and psql talk on the bypass, and the books balance', async () => {
  await using scene = await acceleratedScene('postgresql');
  const { cgroup, daemon } = scene;
  await using postgresql = await startPostgresql(cgroup);
  const { port, command } = postgresql;
  await cgroup.run(command('pgbench', '--initialize', '--quiet'));

  await using pgbench = cgroup.start(command('pgbench', '--client=4', '--transactions=4000', '--no-vacuum'));
  const connections = await daemon.untilConnected(
    port,
    'on the bypass from pgbench',
    ({ client, clientToServer, serverToClient }) =>
      client.comm === 'pgbench' && clientToServer.path === 'bypass' && serverToClient.path === 'bypass',
    4,
  );
  for (const { client, server } of connections) {
    expect(client).toMatchObject({ address: '127.0.0.1', pid: pgbench.pid });
    expect(server).toMatchObject({ address: '127.0.0.1', port, comm: 'postgres' });
  }
  // Each has a server process of its own.
  expect(new Set(connections.map(({ server }) => server.pid)).size).toBe(4);
  const report = await pgbench.result();
  expect(report).toContain('number of transactions actually processed: 16000/16000');
  expect(report).toContain('number of failed transactions: 0');

  await using psql = cgroup.start(command('psql', '--no-psqlrc', '--tuples-only', '--no-align'));
  // Nobody has looked at its executable yet: it begins on the stack.
  let queries = 0;
  const session = await until('psql takes the bypass', async () => {
    psql.write('SELECT pg_backend_pid();\n');
    queries++;
    await until('psql prints the answer', () => psql.lines.length === queries, { every: 1 });
    const mine = (await daemon.connections({ port })).find(({ client }) => client.pid === psql.pid);
    return mine && mine.clientToServer.messages.bypass > 0 && mine;
  });
  expect(session.server.pid).toBe(Number(psql.lines[0]));

  const sums = ['accounts.abalance', 'tellers.tbalance', 'branches.bbalance', 'history.delta'].map(
    (column) => {
      const [table, name] = column.split('.');
      return `SELECT sum(${name}) FROM pgbench_${table};`;
    },
  );
  psql.write(`${sums.join('\n')}\n`);
  await until('psql prints the sums', () => psql.lines.length === queries + sums.length);
  expect(new Set(psql.lines.slice(queries)).size).toBe(1);
});
