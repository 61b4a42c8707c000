import { once } from 'node:events';
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import WebSocket from 'ws';
import type { AppRouter } from '../../../src/router.ts';

export interface Client extends AsyncDisposable {
  readonly api: TRPCClient<AppRouter>;
}

/** The daemon's own interface, over its unix socket. */
export function connectClient(socketPath: string): Client {
  const ws = createWSClient({
    url: `ws+unix:${socketPath}:/trpc`,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
  });
  const api = createTRPCClient<AppRouter>({ links: [wsLink({ client: ws })] });
  return {
    api,
    [Symbol.asyncDispose]: async () => {
      const { connection } = ws;
      const closed =
        connection && connection.state !== 'closed'
          ? once(connection.ws as unknown as WebSocket, 'close')
          : null;
      await ws.close();
      await closed;
    },
  };
}
