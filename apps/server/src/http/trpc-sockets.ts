import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TRPC_PROTOCOL } from '@sidestep/shared';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../log.ts';
import { appRouter } from '../router.ts';
import type { Services } from '../services.ts';
import type { Context } from '../trpc/context.ts';
import { isUnexpected } from '../trpc/failure.ts';
import { watchRate } from './rate.ts';

const MAX_MESSAGE_BYTES = 65_536;
/** After a reconnect the page sends everything that was under way in one batch. */
const MAX_BATCH = 64;
const MAX_CONNECTIONS = 128;
const GOING_AWAY = 1001;
const GRACE_MS = 100;

export interface TrpcSocketOptions {
  readonly services: Services;
  readonly via: Context['via'];
  readonly signInLink: () => string;
  readonly log: Log;
}

/** The tRPC router over ws, on connections that have passed a guard. */
export class TrpcSockets {
  readonly #server: WebSocketServer;
  /** Which session a browser's connection belongs to. */
  readonly #sessions = new WeakMap<WebSocket, string>();
  readonly #revoked = new WeakSet<WebSocket>();

  constructor({ services, via, signInLink, log }: TrpcSocketOptions) {
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      // The page's key is among what it offers, and does not come back.
      handleProtocols: (offered) => offered.has(TRPC_PROTOCOL) && TRPC_PROTOCOL,
    });
    // Before tRPC's own listener, so that a flood is stopped first.
    this.#server.on('connection', watchRate);
    const revoked = this.#revoked;
    applyWSSHandler({
      wss: this.#server,
      router: appRouter,
      maxBatchSize: MAX_BATCH,
      keepAlive: { enabled: true, pingMs: 30_000, pongWaitMs: 10_000 },
      createContext: ({ res }): Context => ({
        services,
        via,
        signInLink,
        caller: {
          running: { calls: 0, subscriptions: 0 },
          lastQuery: Promise.resolve(),
          get revoked() {
            return revoked.has(res);
          },
          get bufferedAmount() {
            return res.bufferedAmount;
          },
        },
      }),
      onError: ({ error, path }) => {
        if (isUnexpected(error))
          log(`${path ?? 'A ws connection'} failed: ${error.cause?.stack ?? error.message}`);
      },
    });
  }

  get isFull(): boolean {
    return this.#server.clients.size >= MAX_CONNECTIONS;
  }

  /** Bytes that wait in this process for readers that are behind. */
  get buffered(): number {
    return [...this.#server.clients].reduce((sum, client) => sum + client.bufferedAmount, 0);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session?: string): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      if (session !== undefined) this.#sessions.set(client, session);
      this.#server.emit('connection', client, request);
    });
  }

  /** Nothing of the session counts from now on, and who does not close the connection is cut off. */
  endSession(session: string): void {
    for (const client of this.#server.clients) {
      if (this.#sessions.get(client) !== session) continue;
      this.#revoked.add(client);
      client.close(4401, 'Signed out.');
      // A close frame only asks: the other end may ignore it.
      setTimeout(() => client.terminate(), GRACE_MS).unref();
    }
  }

  /** Says good-bye, and cuts off who does not answer at once. */
  async close(): Promise<void> {
    const { clients } = this.#server;
    if (clients.size > 0) {
      for (const client of clients) client.close(GOING_AWAY, 'The daemon stops.');
      await sleep(GRACE_MS);
      for (const client of clients) client.terminate();
    }
    this.#server.close();
  }
}
