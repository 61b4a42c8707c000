import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { keyAmong } from '@sidestep/shared';
import type { FastifyInstance } from 'fastify';
import { Refusal } from '../refusal.ts';
import type { Access } from '../sign-in/access.ts';
import type { Guard } from './guard.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { TrpcSockets } from './trpc-sockets.ts';

export interface UpgradeOptions {
  readonly guard: Guard;
  readonly access: Access;
  readonly cookie: SessionCookie;
  readonly sockets: TrpcSockets;
  /** Nobody is let in before. */
  readonly ready: Promise<void>;
}

class UpgradeRefused extends Error {
  readonly status: number;
  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

/**
 * Lets browsers that are signed in open a ws connection at `/trpc`. Everyone else gets a plain HTTP answer in words. When the server
 * closes, those are cut off that still wait, or have not taken their answer.
 */
export function guardUpgrades(
  fastify: FastifyInstance,
  { guard, access, cookie, sockets, ready }: UpgradeOptions,
): void {
  const outside = new Set<Duplex>();
  const admit = (request: IncomingMessage): string => {
    const { host, origin, cookie: cookies, 'sec-websocket-protocol': protocols } = request.headers;
    if (!/^\/trpc(?:\?|$)/.test(request.url ?? ''))
      throw new UpgradeRefused(404, 'There is nothing to connect to here.');
    guard.checkHost(host);
    guard.checkOrigin(origin, host);
    const session = cookie.secretOf(fastify.parseCookie(cookies ?? ''), keyAmong(protocols));
    if (session === undefined || !access.holdsSession(session)) {
      throw new UpgradeRefused(
        401,
        'You are not signed in. Open a sign-in link: sudo ./sidestep sign-in-link prints one.',
      );
    }
    if (sockets.isFull)
      throw new UpgradeRefused(503, 'Too many connections are open. Close some of the pages.');
    return session;
  };

  fastify.server.on('upgrade', async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    socket.once('close', () => outside.delete(socket));
    outside.add(socket);
    await ready;
    try {
      sockets.accept(request, socket, head, admit(request));
      outside.delete(socket);
    } catch (error) {
      if (error instanceof UpgradeRefused) answer(socket, error.status, error.message);
      else if (error instanceof Refusal) answer(socket, 403, error.message);
      else answer(socket, 500, 'Something unexpected went wrong in the daemon.');
    }
  });
  fastify.addHook('preClose', async () => {
    for (const socket of outside) socket.destroy();
  });
}

function answer(socket: Duplex, status: number, words: string): void {
  const body = `${words}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  // Node leaves the other half open after an upgrade, for as long as the other end likes.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
