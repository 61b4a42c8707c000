import { setTimeout as sleep } from 'node:timers/promises';
import { run, Traffic } from '@sidestep/bench';
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
  await stopBeforeReading(server, port);
  return { server, client, port };
}

/** A server that is stopped between reading a request and answering it holds one less: then it is stopped again. */
async function stopBeforeReading(server: Traffic<'exchange'>, port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    server.process.kill('SIGSTOP');
    // The client has sent what it had to by then.
    await sleep(100);
    if ((await unreadAt(port)).filter((bytes) => bytes >= SIZE).length === CONNECTIONS) return;
    server.process.kill('SIGCONT');
    await sleep(5);
  }
  throw new Error('The server was never stopped while every connection had a request unread.');
}

/** Bytes that wait at each socket of the server, whichever path they came by. */
export async function unreadAt(port: number): Promise<number[]> {
  const sockets = await run(['ss', '-tnmH', `sport = :${port}`]);
  return [...sockets.matchAll(/skmem:\(r(\d+),/g)].map(([, bytes]) => Number(bytes));
}
