import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { fileIdAt } from '../file-id.ts';
import type { TrpcSocketOptions } from './trpc-sockets.ts';
import { TrpcSockets } from './trpc-sockets.ts';

/** Serves tRPC over ws at `/trpc` on a unix socket that only its owner can open. The caller holds the folder for itself. */
export async function startUnixSocket(
  path: string,
  options: Omit<TrpcSocketOptions, 'via'>,
): Promise<UnixSocket> {
  const socket = new UnixSocket(path, new TrpcSockets({ ...options, via: 'socket' }));
  await socket.restore();
  return socket;
}

export class UnixSocket implements AsyncDisposable {
  readonly #path: string;
  readonly #sockets: TrpcSockets;
  #server: Server | null = null;
  #id: string | null = null;

  constructor(path: string, sockets: TrpcSockets) {
    this.#path = path;
    this.#sockets = sockets;
  }

  /** Listens, unless it does already where everybody finds it. Who is connected stays so. */
  async restore(): Promise<void> {
    if (this.#server !== null && this.#id === fileIdAt(this.#path)) return;
    // First: a server that closes removes whatever is at its path.
    this.#server?.close();
    this.#server = null;
    // What a daemon that was killed left behind.
    rmSync(this.#path, { force: true });
    this.#server = await this.#listen();
    this.#id = fileIdAt(this.#path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.close();
    const server = this.#server;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #listen(): Promise<Server> {
    const server = createServer((_request, response) =>
      response.writeHead(404).end('Only tRPC over ws is served here.\n'),
    );
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      if (this.#sockets.isFull) socket.destroy();
      else this.#sockets.accept(request, socket, head);
    });
    const umask = process.umask(0o177);
    try {
      server.listen(this.#path);
      await once(server, 'listening');
    } finally {
      process.umask(umask);
    }
    chmodSync(this.#path, 0o600);
    return server;
  }
}
