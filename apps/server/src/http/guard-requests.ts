import type { FastifyInstance } from 'fastify';
import { type Log, wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';
import type { Guard } from './guard.ts';
import { SECURITY_HEADERS } from './policy.ts';

export interface GuardedRequests {
  readonly guard: Guard;
  /** Nothing is answered before. */
  readonly ready: Promise<void>;
  readonly log: Log;
}

/** Every answer carries the security headers, every request passes the guard, every error says `{message, remedy}` and nothing more. */
export function guardRequests(fastify: FastifyInstance, { guard, ready, log }: GuardedRequests): void {
  fastify.addHook('onRequest', async (request, reply) => {
    await ready;
    reply.headers(SECURITY_HEADERS);
    const { host, origin } = request.headers;
    guard.checkHost(host);
    if (origin !== undefined) guard.checkOrigin(origin, host);
  });

  fastify.setErrorHandler((error, request, reply) => {
    if (error instanceof Refusal)
      return reply.code(403).send({ message: error.failure.message, remedy: error.failure.remedy });
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status < 500)
      return reply.code(status).send({ message: wordsOf(error), remedy: 'Correct the request.' });
    log(`${request.method} ${request.url} failed: ${error instanceof Error ? error.stack : error}`);
    return reply.code(500).send({
      message: 'Something unexpected went wrong in the daemon.',
      remedy: 'Look at the daemon’s log for the details.',
    });
  });
}
