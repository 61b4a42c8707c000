import { once } from 'node:events';
import { createTRPCUntypedClient, createWSClient, type TRPCWebSocketClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import { z } from 'zod';

const bytesSchema = z.object({ bypass: z.number(), stack: z.number() });
const statusSchema = z.object({ bytes: bytesSchema, connections: z.object({ bypassing: z.number() }) });

/** By the path that they took. */
export type Bytes = z.infer<typeof bytesSchema>;

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
  async bytes(): Promise<Bytes> {
    return (await this.#status()).bytes;
  }

  /** Connections that are on the bypass. */
  async bypassing(): Promise<number> {
    return (await this.#status()).connections.bypassing;
  }

  async #status(): Promise<z.infer<typeof statusSchema>> {
    return statusSchema.parse(await this.#client.query('acceleration.status'));
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
