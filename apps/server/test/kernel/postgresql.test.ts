import { readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cgroup, freePort, run, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const USER = 'postgres';
const PROGRAMS = '/usr/lib/postgresql';

/** Debian keeps them out of the path, a folder for each version. */
function program(name: string): string {
  const [version] = readdirSync(PROGRAMS).sort((a, b) => Number(b) - Number(a));
  return join(PROGRAMS, version ?? '', 'bin', name);
}

/** A server with an empty database, on a port of 127.0.0.1 only. PostgreSQL refuses to run as root. */
async function startPostgres(
  cgroup: Cgroup,
  stack: AsyncDisposableStack,
): Promise<(tool: string, ...args: string[]) => string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'sidestep-postgresql-'));
  stack.defer(() => rm(dir, { recursive: true }));
  const id = async (kind: string) => Number(await run(['id', kind, USER]));
  await chown(dir, await id('-u'), await id('-g'));
  const data = join(dir, 'data');
  await run([program('initdb'), '--no-sync', '--auth=trust', '-D', data], { user: USER, cwd: dir });

  const port = String(await freePort());
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${dir}`,
    'fsync=off',
  ];
  const server = cgroup.start(
    [program('postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    {
      user: USER,
      cwd: dir,
    },
  );
  stack.defer(async () => {
    server.kill('SIGINT');
    await server.status();
  });
  const command = (tool: string, ...args: string[]) => [
    program(tool),
    ...['-h', '127.0.0.1', '-p', port, '-U', USER],
    ...args,
    USER,
  ];
  await until('PostgreSQL answers', () => run(command('psql', '-c', 'SELECT 1')));
  return command;
}

test('PostgreSQL, pgbench and psql talk on the bypass, and the books balance', async () => {
  await using scene = await acceleratedScene('postgresql');
  const { cgroup, daemon } = scene;
  await using stack = new AsyncDisposableStack();
  const command = await startPostgres(cgroup, stack);
  const port = Number(command('psql')[command('psql').indexOf('-p') + 1]);
  await cgroup.run(command('pgbench', '--initialize', '--quiet'));

  await using pgbench = cgroup.start(command('pgbench', '--client=4', '--transactions=1500', '--no-vacuum'));
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
  expect(report).toContain('number of transactions actually processed: 6000/6000');
  expect(report).toContain('number of failed transactions: 0');

  await using psql = cgroup.start(command('psql', '--no-psqlrc', '--tuples-only', '--no-align'));
  for (let query = 1; query <= 40; query++) {
    psql.write('SELECT pg_backend_pid();\n');
    await until('psql prints the answer', () => psql.lines.length === query, { every: 1 });
  }
  const [session] = await daemon.untilConnected(port, 'of psql', ({ client }) => client.pid === psql.pid);
  expect(session?.server.pid).toBe(Number(psql.lines[0]));
  expect(session?.clientToServer.messages.bypass).toBeGreaterThan(0);

  const sums = ['accounts.abalance', 'tellers.tbalance', 'branches.bbalance', 'history.delta'].map(
    (column) => {
      const [table, name] = column.split('.');
      return `SELECT sum(${name}) FROM pgbench_${table};`;
    },
  );
  psql.write(`${sums.join('\n')}\n`);
  await until('psql prints the sums', () => psql.lines.length === 44);
  expect(new Set(psql.lines.slice(40)).size).toBe(1);
});
