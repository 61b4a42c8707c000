import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { HIGH_WATER } from '../../src/trpc/pace.ts';
import { handshakeLines, openPage, signIn } from '../support/browser.ts';
import { bypassing, connection, end } from '../support/connection.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Rows are blown up, since the kernel takes in tens of megabytes for a reader that does not read. */
const NAME_BYTES = 2000;
const ROWS = 1000;
const FRAME_BYTES = ROWS * (2 * NAME_BYTES + 800);

/** A ws connection by hand that subscribes and then reads nothing more: what a stalled page looks like from here. */
async function stall(site: TestDaemon, messages: readonly unknown[]): Promise<Socket> {
  const socket = createConnection(site.port, '127.0.0.1');
  socket.write(
    `GET /trpc HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nOrigin: ${site.url}\r\n${handshakeLines(await signIn(site))}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.pause();
  for (const message of messages) {
    const payload = Buffer.from(JSON.stringify(message));
    // A text frame with a mask of zeros.
    const head =
      payload.length < 126
        ? [0x81, 0x80 | payload.length]
        : [0x81, 0xfe, payload.length >> 8, payload.length & 0xff];
    socket.write(Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]));
  }
  return socket;
}

async function buffered({ url, options }: TestDaemon): Promise<number> {
  const token = readFileSync(join(options.stateDir, 'token'), 'utf8').trim();
  const text = await (
    await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  ).text();
  return Number(/^sidestep_clients_buffered_bytes (\d+)$/m.exec(text)?.[1]);
}

const subscribe = (id: number, path: string, input: unknown) => ({
  id,
  method: 'subscription',
  params: { path, input },
});

test('a page that reads nothing costs a bounded amount of memory, and others go on', async () => {
  await using site = await startTestDaemon();
  await using page = await openPage(site);
  const { kernel } = site.dataPlane;
  const name = 'x'.repeat(NAME_BYTES);
  const rows = (messages: number) =>
    Array.from({ length: ROWS }, (_, id) =>
      connection({
        id: String(id),
        client: end({ comm: name }),
        server: end({ comm: name }),
        clientToServer: bypassing(messages),
      }),
    );
  kernel.open = rows(0);
  await page.trpc.acceleration.enable.mutate();
  const stalled = await stall(site, [
    subscribe(1, 'events.follow', {}),
    subscribe(2, 'connections.watch', { limit: 1000 }),
    subscribe(3, 'acceleration.watch', undefined),
    ...Array.from({ length: 60 }, (_, n) => ({
      id: 10 + n,
      method: 'query',
      params: { path: 'connections.list', input: { limit: 1000 } },
    })),
  ]);

  const seen: number[] = [];
  const start = performance.now();
  const reading = page.trpc.events.follow.subscribe(
    {},
    { onData: ({ data }) => seen.push(data.events.length) },
  );
  let most = 0;
  for (let turn = 0; turn < 40; turn++) {
    const at = Date.now() * 1000;
    kernel.emit(
      ...Array.from({ length: 500 }, () => ({
        kind: 'paired' as const,
        at,
        connection: connection(),
        listener: null,
        reason: null,
      })),
    );
    kernel.open = rows(turn);
    await sleep(100);
    most = Math.max(most, await buffered(site));
  }
  const took = performance.now() - start;
  const frames = seen.length;
  await until(() => seen.reduce((sum, count) => sum + count, 0) > 15_000);
  reading.unsubscribe();
  // It is still there: held back, not cut off.
  expect(await buffered(site)).toBeGreaterThan(HIGH_WATER);
  stalled.destroy();

  // Each of the three subscriptions, and two of the queries, may have passed the mark with one frame of its own.
  expect(most).toBeLessThan(HIGH_WATER + 5 * FRAME_BYTES);
  // Ten frames a second at most, the first one at once, and what came in between was merged.
  expect(frames).toBeLessThanOrEqual(took / 90 + 1);
});

test('hundreds of subscriptions that came and went leave no memory behind', async () => {
  await using site = await startTestDaemon();
  await using page = await openPage(site);
  const round = async (count: number) => {
    for (let n = 0; n < count; n += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const first = Promise.withResolvers<void>();
          const subscription = page.trpc.acceleration.watch.subscribe(undefined, {
            onData: () => first.resolve(),
            onError: first.reject,
          });
          await first.promise;
          subscription.unsubscribe();
        }),
      );
      // The connection may send a hundred messages a second.
      await sleep(400);
    }
  };
  await round(100);
  collect();
  const before = process.memoryUsage().heapUsed;
  await round(300);
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000);
});
