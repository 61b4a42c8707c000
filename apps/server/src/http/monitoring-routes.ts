import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import type { Access } from '../sign-in/access.ts';
import { metricsText } from './metrics.ts';
import type { TrpcSockets } from './trpc-sockets.ts';

export interface MonitoringRouteOptions {
  readonly services: Services;
  readonly access: Access;
  readonly sockets: TrpcSockets;
}

/** `GET /healthz` for anyone; `GET /metrics` for `Authorization: Bearer` with the token of the state folder. */
export function addMonitoringRoutes(fastify: FastifyInstance, options: MonitoringRouteOptions): void {
  const { services, access, sockets } = options;

  fastify.get('/healthz', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  );

  fastify.get('/metrics', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !access.isToken(token)) {
      return reply.code(401).header('www-authenticate', 'Bearer').send({
        message: 'Metrics are for holders of the token.',
        remedy: 'Send the token of the state folder as Authorization: Bearer.',
      });
    }
    const text = metricsText(await services.acceleration.status(), process.memoryUsage(), sockets.buffered);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
}
