import { KEY_HEADER } from '@sidestep/shared';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Access } from '../sign-in/access.ts';
import { splitSecret } from '../sign-in/halves.ts';
import type { SessionCookie } from './session-cookie.ts';

export interface SessionRouteOptions {
  readonly access: Access;
  readonly cookie: SessionCookie;
  readonly host: string;
  readonly version: string;
  readonly log: Log;
  /** Called with the session's secret after it was closed. */
  readonly onSignOut: (secret: string) => void;
}

const signInSchema = z.object({ code: z.string().min(1).max(200) });

/**
 * `POST /api/sign-in` `{code}` takes a one-time code or the token and answers `{key}` with a cookie, or 400, 401, 429 with `{message, remedy}`;
 * `POST /api/sign-out` answers 204; `GET /api/session` tells `{signedIn, keyMissing, host, version}` to anyone. The page sends its key along.
 */
export function addSessionRoutes(fastify: FastifyInstance, options: SessionRouteOptions): void {
  const { access, cookie, host, version, log, onSignOut } = options;
  const secretOf = ({ cookies, headers }: FastifyRequest) => cookie.secretOf(cookies, headers[KEY_HEADER]);

  fastify.post('/api/sign-in', { bodyLimit: 4096 }, async (request, reply) => {
    const body = signInSchema.safeParse(request.body);
    if (!body.success) {
      return reply
        .code(400)
        .send({ message: 'The code is missing.', remedy: 'Open the whole link that the daemon printed.' });
    }
    const exchange = access.exchange(body.data.code, request.ip);
    switch (exchange.outcome) {
      case 'signed in': {
        const halves = splitSecret(exchange.session);
        cookie.set(reply, halves.cookie);
        log(`A browser at ${request.ip} signed in.`);
        return reply.header('cache-control', 'no-store').send({ key: halves.key });
      }
      case 'slowed':
        return reply
          .code(429)
          .header('retry-after', exchange.retryAfterSeconds)
          .send({
            message: 'Too many wrong codes.',
            remedy: `Try again in ${exchange.retryAfterSeconds} s.`,
          });
      case 'wrong':
        log(`A wrong sign-in code came from ${request.ip}.`);
        return reply.code(401).send({
          message: 'This link has been used or is not valid.',
          remedy: 'Run sudo ./sidestep sign-in-link on the host for a fresh one.',
        });
    }
  });

  fastify.post('/api/sign-out', { bodyLimit: 4096 }, async (request, reply) => {
    const secret = secretOf(request);
    if (secret !== undefined) {
      const wasSignedIn = access.holdsSession(secret);
      access.signOut(secret);
      onSignOut(secret);
      if (wasSignedIn) log(`A browser at ${request.ip} signed out.`);
    }
    cookie.clear(reply);
    return reply.code(204).send();
  });

  fastify.get('/api/session', async (request, reply) => {
    const secret = secretOf(request);
    const signedIn = secret !== undefined && access.holdsSession(secret);
    // Of a sign-in from before there were keys, for one, or at another port.
    const keyMissing = cookie.name in request.cookies && secret === undefined;
    return reply.header('cache-control', 'no-store').send({ signedIn, keyMissing, host, version });
  });
}
