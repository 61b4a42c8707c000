import { once } from 'node:events';
import { createTRPCUntypedClient, createWSClient, type TRPCWebSocketClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import { z } from 'zod';

const statusSchema = z.object({ bytes: z.object({ bypass: z.number() }) });

/** Asks a daemon for its totals, on one connection that stays open: starting the command line each time would take longer than measuring. */
export class Totals implements AsyncDisposable {
  readonly #ws: TRPCWebSocketClient;
  readonly #client;

  constructor(socketPath: string) {
    this.#ws = createWSClient({
      url: `ws+unix:${socketPath}:/trpc`,
      WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    });
    this.#client = createTRPCUntypedClient({ links: [wsLink({ client: this.#ws })] });
  }

  /** Since acceleration is on. */
  async bypassedBytes(): Promise<number> {
    return statusSchema.parse(await this.#client.query('acceleration.status')).bytes.bypass;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { connection } = this.#ws;
    const closed =
      connection && connection.state !== 'closed'
        ? once(connection.ws as unknown as WebSocket, 'close')
        : null;
    await this.#ws.close();
    await closed;
  }
}
