import { readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cgroup } from '../sandbox/cgroup.ts';
import { freePort } from '../sandbox/free-port.ts';
import { run } from '../sandbox/process.ts';
import { until } from '../sandbox/until.ts';

const USER = 'postgres';
const PROGRAMS = '/usr/lib/postgresql';

export interface Postgresql extends AsyncDisposable {
  readonly port: number;
  /** The command line of one of its tools, such as `psql`, that connects to it over TCP. */
  command(tool: string, ...args: string[]): string[];
}

/** A server with an empty database, on a port of 127.0.0.1 only. PostgreSQL refuses to run as root. */
export async function startPostgresql(cgroup: Cgroup): Promise<Postgresql> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'sidestep-postgresql-'));
  stack.defer(() => rm(dir, { recursive: true }));
  const id = async (kind: string) => Number(await run(['id', kind, USER]));
  await chown(dir, await id('-u'), await id('-g'));
  const data = join(dir, 'data');
  await run([program('initdb'), '--no-sync', '--auth=trust', '-D', data], { user: USER, cwd: dir });

  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${dir}`,
    'fsync=off',
  ];
  const server = cgroup.start(
    [program('postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { user: USER, cwd: dir },
  );
  stack.defer(async () => {
    server.kill('SIGINT');
    await server.status();
  });
  const command = (tool: string, ...args: string[]) => [
    program(tool),
    ...['-h', '127.0.0.1', '-p', String(port), '-U', USER],
    ...args,
    USER,
  ];
  await until('PostgreSQL answers', () => run(command('psql', '-c', 'SELECT 1')));
  const everything = stack.move();
  return { port, command, [Symbol.asyncDispose]: () => everything.disposeAsync() };
}

/** Debian keeps them out of the path, a folder for each version. */
function program(name: string): string {
  const [version] = readdirSync(PROGRAMS).sort((a, b) => Number(b) - Number(a));
  return join(PROGRAMS, version ?? '', 'bin', name);
}
