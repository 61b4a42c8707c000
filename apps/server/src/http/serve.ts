import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { Server as TlsServer } from 'node:tls';
import fastifyCookie from '@fastify/cookie';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { every } from '../every.ts';
import type { Log } from '../log.ts';
import { Refusal } from '../refusal.ts';
import type { Services } from '../services.ts';
import type { Access } from '../sign-in/access.ts';
import type { Certificate } from './certificate.ts';
import { Guard } from './guard.ts';
import { guardRequests } from './guard-requests.ts';
import { inUrl, type Listen, linkHost, ownNames } from './listen.ts';
import { addMonitoringRoutes } from './monitoring-routes.ts';
import { SECURITY_HEADERS } from './policy.ts';
import { SessionCookie } from './session-cookie.ts';
import { addSessionRoutes } from './session-routes.ts';
import { TrpcSockets } from './trpc-sockets.ts';
import { guardUpgrades } from './upgrade.ts';
import { serveWeb } from './web.ts';

/** Far more than pages and monitoring use, and no flood takes all file descriptors. */
const MAX_CONNECTIONS = 1024;
/** Milliseconds between two looks whether the certificate has been renewed. */
const LOOK_MS = 60_000;

export interface HttpOptions {
  readonly services: Services;
  readonly access: Access;
  readonly listen: Listen;
  /** The static export of the web app, an absolute path. It need not exist. */
  readonly webDir: string;
  readonly version: string;
  readonly log: Log;
  /** Null serves plain HTTP. */
  readonly certificate: Certificate | null;
  /** Resolves when the services stand where an earlier daemon left off, which is after the port is open. Requests wait for it. */
  readonly ready: Promise<void>;
}

export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:7070`, without a slash at the end. */
  readonly url: string;
  /** A fresh link that signs one browser in, once. */
  signInLink(): string;
}

/** Serves the page, the API and tRPC over ws on one port. Throws `Refusal` when the port cannot be had. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { services, access, listen, log, certificate, version, ready } = options;
  const scheme = certificate ? 'https' : 'http';
  const fastify = createFastify(certificate);
  fastify.server.maxConnections = MAX_CONNECTIONS;
  await fastify.register(fastifyCookie);

  const port = () => (fastify.server.address() as AddressInfo | null)?.port ?? listen.port;
  const url = () => `${scheme}://${linkHost(listen.host, certificate)}:${port()}`;
  const signInLink = () => `${url()}/sign-in#${access.newCode()}`;
  const guard = new Guard(scheme, () => ownNames(listen.host, certificate?.names ?? []));
  const cookie = new SessionCookie(port, certificate !== null);
  const sockets = new TrpcSockets({ services, via: 'browser', signInLink, log });

  guardRequests(fastify, { guard, ready, log });
  addSessionRoutes(fastify, {
    access,
    cookie,
    host: hostname(),
    version,
    log,
    onSignOut: (session) => sockets.endSession(session),
  });
  addMonitoringRoutes(fastify, { services, access, sockets });
  await serveWeb(fastify, options.webDir);
  guardUpgrades(fastify, { guard, access, cookie, sockets, ready });
  await open(fastify, listen);
  const renewing = renewCertificate(fastify, certificate, log);

  return {
    url: url(),
    signInLink,
    [Symbol.asyncDispose]: async () => {
      renewing?.[Symbol.dispose]();
      await sockets.close();
      await fastify.close();
    },
  };
}

function createFastify(certificate: Certificate | null): FastifyInstance {
  const options = {
    forceCloseConnections: true,
    bodyLimit: 65_536,
    requestTimeout: 30_000,
    frameworkErrors: answerBadUrl,
  };
  // The two differ in the type of their server only.
  return certificate
    ? (Fastify({ ...options, https: { ...certificate.pair } }) as unknown as FastifyInstance)
    : Fastify(options);
}

/** New connections get what the files have by now; those that are open keep what they have. */
function renewCertificate(
  { server }: FastifyInstance,
  certificate: Certificate | null,
  log: Log,
): Disposable | null {
  if (!certificate || !(server instanceof TlsServer)) return null;
  return every(
    LOOK_MS,
    'use the new TLS certificate (the one before stays until both files are good)',
    log,
    () => {
      if (!certificate.renew()) return;
      server.setSecureContext(certificate.pair);
      log('The TLS certificate was renewed.');
    },
  );
}

/** A URL that cannot be decoded never reaches the hooks. */
function answerBadUrl(_error: unknown, _request: unknown, reply: FastifyReply): void {
  const failure = { message: 'The address is not valid.', remedy: 'Correct the request.' };
  reply.headers(SECURITY_HEADERS).code(400).send(failure);
}

async function open(fastify: FastifyInstance, { host, port }: Listen): Promise<void> {
  try {
    await fastify.listen({ host, port });
  } catch (error) {
    await fastify.close();
    const at = `${inUrl(host)}:${port}`;
    switch ((error as NodeJS.ErrnoException).code) {
      case 'EADDRINUSE':
        throw new Refusal(
          `The port of ${at} is in use.`,
          'Stop the program that has it, or choose another with --listen.',
        );
      case 'EADDRNOTAVAIL':
        throw new Refusal(`This host has no address ${host}.`, 'Choose one of its own with --listen.');
      case 'EACCES':
        throw new Refusal(`The port of ${at} may not be used.`, 'Choose one above 1023 with --listen.');
      default:
        throw error;
    }
  }
}
