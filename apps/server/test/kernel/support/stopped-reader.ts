import { Traffic } from '@sidestep/bench';
import type { Scene } from './scene.ts';

export const SIZE = 5000;
export const CONNECTIONS = 2;

/** Requests that a server has stopped reading: it is stopped itself, and they took the bypass. */
export async function stoppedReader({ cgroup, daemon }: Scene, programs: AsyncDisposableStack) {
  const where = { cgroup: cgroup.path };
  const server = programs.use(new Traffic('exchange', { server: true, seconds: 600 }, where));
  const port = await server.port();
  const client = programs.use(
    new Traffic(
      'exchange',
      { client: true, to: `127.0.0.1:${port}`, connections: CONNECTIONS, request: SIZE, seconds: 600 },
      where,
    ),
  );
  await daemon.untilBypassing(port, CONNECTIONS);
  server.process.kill('SIGSTOP');
  return { server, client, port };
}
