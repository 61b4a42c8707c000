import type { Connection, Path } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { busiestPairs } from './pairs.ts';

interface Wish {
  client?: string;
  server?: string;
  port?: number;
  path?: Path;
  /** Messages a second, each way. */
  rate?: number;
}

let made = 0;

function connection({
  client = 'api',
  server = 'redis',
  port = 6379,
  path = 'bypass',
  rate = 1,
}: Wish): Connection {
  made += 1;
  const end = { address: '127.0.0.1', netns: '1', cgroup: '1', pid: 1 };
  const direction = {
    path,
    reason: path === 'stack' ? ('streaming' as const) : null,
    bytes: { bypass: 0, stack: 0 },
    messages: { bypass: 0, stack: 0 },
    rate: { bytes: 10 * rate, messages: rate },
  };
  return {
    id: String(made),
    open: true,
    openedAt: '2026-01-01T00:00:00Z',
    closedAt: null,
    client: { ...end, comm: client, port: 40_000 + made },
    server: { ...end, comm: server, port },
    clientToServer: direction,
    serverToClient: direction,
  };
}

test('connections of one pair of programs are added up, and other ports and programs are others', () => {
  const pairs = busiestPairs(
    [
      connection({ rate: 2 }),
      connection({ rate: 3 }),
      connection({ port: 6380 }),
      connection({ client: 'cron', rate: 4 }),
    ],
    8,
  );
  expect(
    pairs.map(({ client, port, connections, messageRate }) => [client, port, connections, messageRate]),
  ).toEqual([
    ['api', 6379, 2, 10],
    ['cron', 6379, 1, 8],
    ['api', 6380, 1, 2],
  ]);
  expect(pairs[0]?.byteRate).toBe(100);
});

test('a pair takes the road of most of its messages, not of most of its connections', () => {
  const slow = connection({ path: 'stack', rate: 1 });
  expect(busiestPairs([slow, slow, connection({ path: 'bypass', rate: 3 })], 8)[0]?.path).toBe('bypass');
  expect(busiestPairs([slow, slow, connection({ path: 'bypass', rate: 1 })], 8)[0]?.path).toBe('stack');
});

test('silent pairs are left out, and no more than asked for come back, the busiest first', () => {
  const pairs = busiestPairs(
    [1, 0, 3, 2].map((rate) => connection({ port: rate, rate })),
    2,
  );
  expect(pairs.map(({ port }) => port)).toEqual([3, 2]);
});
