import type { Connection, Direction, End } from '@sidestep/shared';

const QUIET: Direction = {
  path: 'stack',
  reason: 'warming up',
  bytes: { bypass: 0, stack: 0 },
  messages: { bypass: 0, stack: 0 },
  rate: { bytes: 0, messages: 0 },
};

export const bypassing = (messages: number, bytes = messages * 64): Direction => ({
  ...QUIET,
  path: 'bypass',
  reason: null,
  bytes: { bypass: bytes, stack: 0 },
  messages: { bypass: messages, stack: 0 },
});

export const onStack = (reason: Direction['reason'], messages = 0, bytes = messages * 64): Direction => ({
  ...QUIET,
  reason,
  bytes: { bypass: 0, stack: bytes },
  messages: { bypass: 0, stack: messages },
});

export const end = (change: Partial<End> = {}): End => ({
  address: '127.0.0.1',
  port: 40_000,
  netns: '1',
  cgroup: '1',
  pid: 100,
  comm: 'client',
  ...change,
});

/** A quiet local connection to a Redis server, changed as the test needs it. */
export function connection(change: Partial<Connection> = {}): Connection {
  return {
    id: '1',
    open: true,
    openedAt: '2026-01-01T00:00:00.000000Z',
    closedAt: null,
    client: end(),
    server: end({ port: 6379, pid: 200, comm: 'redis-server' }),
    clientToServer: QUIET,
    serverToClient: QUIET,
    ...change,
  };
}
