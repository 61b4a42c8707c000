import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { TrpcSocketOptions } from './trpc-sockets.ts';
import { TrpcSockets } from './trpc-sockets.ts';

/** Serves tRPC over ws at `/trpc` on a unix socket that only its owner can open. The caller holds the folder for itself. */
export async function startUnixSocket(
  path: string,
  options: Omit<TrpcSocketOptions, 'via'>,
): Promise<AsyncDisposable> {
  const sockets = new TrpcSockets({ ...options, via: 'socket' });
  const server = createServer((_request, response) =>
    response.writeHead(404).end('Only tRPC over ws is served here.\n'),
  );
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (sockets.isFull) socket.destroy();
    else sockets.accept(request, socket, head);
  });
  // What a daemon that was killed left behind.
  rmSync(path, { force: true });
  const umask = process.umask(0o177);
  try {
    server.listen(path);
    await once(server, 'listening');
  } finally {
    process.umask(umask);
  }
  chmodSync(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      await sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
