import type { Connection, Direction, End, Path, Reason } from '@sidestep/shared';

let lastCookie = 4000;

interface Wish {
  client?: Partial<End>;
  server?: Partial<End>;
  path?: Path;
  reason?: Reason;
  /** Seconds since it was opened. */
  age?: number;
}

function makeEnd(end: Partial<End>): End {
  return { address: '127.0.0.1', port: 0, netns: '1', cgroup: '1042', pid: 0, comm: '', ...end };
}

function makeDirection(path: Path, reason: Reason | null): Direction {
  return {
    path,
    reason: path === 'stack' ? reason : null,
    bytes: { bypass: 0, stack: 0 },
    messages: { bypass: 0, stack: 0 },
    rate: { bytes: 0, messages: 0 },
  };
}

/** A connection of redis-benchmark to redis-server on the bypass, unless wished otherwise. */
export function makeConnection({
  client,
  server,
  path = 'bypass',
  reason = 'warming up',
  age = 0,
}: Wish = {}): Connection {
  lastCookie += 1;
  return {
    id: String(lastCookie),
    open: true,
    openedAt: new Date(Date.now() - age * 1000).toISOString(),
    closedAt: null,
    client: makeEnd({ comm: 'redis-benchmark', pid: 4121, port: 30_000 + (lastCookie % 30_000), ...client }),
    server: makeEnd({ comm: 'redis-server', pid: 812, port: 6379, ...server }),
    clientToServer: makeDirection(path, reason),
    serverToClient: makeDirection(path, reason),
  };
}
