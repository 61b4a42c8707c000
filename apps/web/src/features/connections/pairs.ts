import { type Connection, type Path, pathOf } from '@sidestep/shared';

/** Connections of one pair of programs, added up. `path` is the road that most of their messages take now. */
export interface Pair {
  readonly key: string;
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly connections: number;
  readonly messageRate: number;
  readonly byteRate: number;
  readonly path: Path;
}

export const messageRateOf = ({ clientToServer, serverToClient }: Connection) =>
  clientToServer.rate.messages + serverToClient.rate.messages;

export const byteRateOf = ({ clientToServer, serverToClient }: Connection) =>
  clientToServer.rate.bytes + serverToClient.rate.bytes;

export const bytesOf = ({ clientToServer, serverToClient }: Connection) =>
  clientToServer.bytes.bypass +
  clientToServer.bytes.stack +
  serverToClient.bytes.bypass +
  serverToClient.bytes.stack;

export const messagesOf = ({ clientToServer, serverToClient }: Connection) =>
  clientToServer.messages.bypass +
  clientToServer.messages.stack +
  serverToClient.messages.bypass +
  serverToClient.messages.stack;

/** The programs that talk most, busiest first; silent pairs are left out. */
export function busiestPairs(connections: Iterable<Connection>, limit: number): Pair[] {
  const pairs = new Map<string, Pair & { bypassRate: number }>();
  for (const connection of connections) {
    const { client, server } = connection;
    const rate = messageRateOf(connection);
    if (rate === 0) continue;
    const key = `${client.comm} ${server.comm} ${server.port}`;
    const sum = pairs.get(key);
    pairs.set(key, {
      key,
      client: client.comm,
      server: server.comm,
      port: server.port,
      path: 'stack',
      connections: (sum?.connections ?? 0) + 1,
      messageRate: (sum?.messageRate ?? 0) + rate,
      byteRate: (sum?.byteRate ?? 0) + byteRateOf(connection),
      bypassRate: (sum?.bypassRate ?? 0) + (pathOf(connection) === 'bypass' ? rate : 0),
    });
  }
  return [...pairs.values()]
    .sort((one, other) => other.messageRate - one.messageRate)
    .slice(0, limit)
    .map(({ bypassRate, ...pair }) => ({
      ...pair,
      path: bypassRate * 2 >= pair.messageRate ? 'bypass' : 'stack',
    }));
}
