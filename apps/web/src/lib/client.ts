import type { AppRouter } from '@sidestep/server/router';
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { linkClosed, linkOpened, socketAddress } from './link.ts';
import { webSocketWithKey } from './page-key.ts';

let made: TRPCClient<AppRouter> | null = null;

/** The page's one connection to the daemon, opened by the first that asks. In the browser only. */
export function client(): TRPCClient<AppRouter> {
  made ??= createTRPCClient<AppRouter>({
    links: [
      wsLink({
        client: createWSClient({
          url: socketAddress,
          WebSocket: webSocketWithKey(),
          onOpen: linkOpened,
          onClose: linkClosed,
          retryDelayMs: () => 0,
          // A daemon that hangs closes no socket: three seconds without an answer count as lost.
          keepAlive: { enabled: true, intervalMs: 2000, pongTimeoutMs: 3000 },
        }),
      }),
    ],
  });
  return made;
}
