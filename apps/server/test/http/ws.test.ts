import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { protocolsWith } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { dial, handshakeLines, openPage, signIn } from '../support/browser.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

/** The plain HTTP answer to a handshake that is refused. */
async function refusal(socket: WebSocket): Promise<{ status: number; words: string }> {
  const [, response] = await once(socket, 'unexpected-response');
  return { status: response.statusCode, words: (await response.toArray()).join('') };
}

/** A connection that is signed in, and the answers that come on it. */
async function connect(site: TestDaemon) {
  const socket = dial(site.url, await signIn(site));
  await once(socket, 'open');
  return { socket, [Symbol.dispose]: () => socket.terminate() };
}

async function ask(socket: WebSocket, message: string | Buffer) {
  const answer = once(socket, 'message');
  socket.send(message);
  const [data] = await answer;
  return JSON.parse(String(data));
}

const call = (id: number, path: string, input?: unknown, method = 'query') =>
  JSON.stringify({ id, method, params: { path, input } });

describe('the handshake', () => {
  test('without signing in is refused with words', async () => {
    await using site = await startTestDaemon();
    for (const value of ['guess', 'x'.repeat(43)]) {
      const cookie = `sidestep-${site.port}=${value}`;
      for (const guess of [{}, { cookie }, { key: value }, { cookie, key: value }]) {
        expect(await refusal(dial(site.url, guess))).toEqual({
          status: 401,
          words: expect.stringContaining('./sidestep sign-in-link'),
        });
      }
    }
  });

  test('with the cookie, which browsers send to all ports of a host, and not its page’s key is refused', async () => {
    await using site = await startTestDaemon();
    const { cookie, key } = await signIn(site);
    const other = await signIn(site);
    expect(await refusal(dial(site.url, { cookie }))).toMatchObject({ status: 401 });
    for (const wrong of ['', 'x'.repeat(43), key.slice(0, -1), `${key}.`, other.key]) {
      expect(await refusal(dial(site.url, { cookie, key: wrong }))).toMatchObject({ status: 401 });
    }
    expect(await refusal(dial(site.url, { key }))).toMatchObject({ status: 401 });
    expect(await refusal(dial(site.url, { cookie: other.cookie, key }))).toMatchObject({ status: 401 });
  });

  test('with both is answered with the protocol, and the key is neither sent back nor logged', async () => {
    await using site = await startTestDaemon();
    const { cookie, key } = await signIn(site);
    for (const offered of [protocolsWith(key), protocolsWith(key).toReversed()]) {
      const headers = { origin: site.url, cookie };
      const socket = new WebSocket(`${site.url.replace('http', 'ws')}/trpc`, offered, { headers });
      const [response] = await once(socket, 'upgrade');
      expect(response.headers['sec-websocket-protocol']).toBe('sidestep');
      expect(JSON.stringify(response.headers)).not.toContain(key);
      expect((await ask(socket, call(1, 'acceleration.status'))).result.data.state).toBe('off');
      socket.terminate();
    }
    expect(site.log.join('\n')).not.toContain(key);
  });

  test('from another site is refused, also with a cookie', async () => {
    await using site = await startTestDaemon();
    const signedIn = await signIn(site);
    for (const origin of [
      'http://evil.example',
      'null',
      `http://127.0.0.1:${site.port + 1}`,
      `https://127.0.0.1:${site.port}`,
    ]) {
      expect((await refusal(dial(site.url, { ...signedIn, origin }))).status).toBe(403);
    }
  });

  test('without an origin is refused: browsers always name theirs', async () => {
    await using site = await startTestDaemon();
    const socket = createConnection(site.port, '127.0.0.1');
    socket.write(
      `GET /trpc HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\n${handshakeLines(await signIn(site))}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  });

  test('for another host is refused', async () => {
    await using site = await startTestDaemon();
    const answer = await refusal(
      dial(site.url, { ...(await signIn(site)), host: 'evil.example', origin: 'http://evil.example' }),
    );
    expect(answer.status).toBe(403);
  });

  test('at another address is not found', async () => {
    await using site = await startTestDaemon();
    const socket = createConnection(site.port, '127.0.0.1');
    socket.write(
      `GET /other HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    );
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
  });

  test('that is no WebSocket handshake is refused', async () => {
    await using site = await startTestDaemon();
    const socket = createConnection(site.port, '127.0.0.1');
    socket.write(
      `GET /trpc HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nOrigin: ${site.url}\r\n${handshakeLines(await signIn(site))}Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n`,
    );
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
  });
});

describe('messages', () => {
  test.each([
    ['no JSON', '{'],
    ['no object', '7'],
    ['an empty text', ''],
    ['no method', '{"id":1}'],
    ['no such method', '{"id":1,"method":"delete","params":{"path":"x"}}'],
    ['no params', '{"id":1,"method":"query"}'],
    ['an id that is an object', '{"id":{},"method":"query","params":{"path":"x"}}'],
    ['binary', Buffer.from([0xff, 0xfe, 0x00])],
  ])('%s gets an error, and the next message its answer', async (_words, message) => {
    await using site = await startTestDaemon();
    using connection = await connect(site);
    const answer = await ask(connection.socket, message);
    expect(answer.error.message).toBe('The message is not valid tRPC.');
    expect(answer.error.data.failure.remedy).toContain('id, method and params');
    expect(JSON.stringify(answer)).not.toContain('stack');
    expect((await ask(connection.socket, call(2, 'acceleration.status'))).result.data.state).toBe('off');
  });

  test.each(['nothing.here', '__proto__', 'acceleration', 'acceleration.constructor', ''])(
    'the unknown procedure "%s" is said to be so',
    async (path) => {
      await using site = await startTestDaemon();
      using connection = await connect(site);
      const answer = await ask(connection.socket, call(1, path));
      expect(answer.error.data).toMatchObject({
        code: 'NOT_FOUND',
        failure: { remedy: expect.stringContaining('reload') },
      });
    },
  );

  test('a mutation asked for as a query is not carried out', async () => {
    await using site = await startTestDaemon();
    using connection = await connect(site);
    expect((await ask(connection.socket, call(1, 'acceleration.enable'))).error).toBeDefined();
    expect(site.dataPlane.calls.enable).toBe(0);
  });

  test.each([
    ['settings.update', { queueCap: 1 }, 'mutation', 'queueCap'],
    ['settings.update', { queueCap: 'much' }, 'mutation', 'queueCap'],
    ['settings.update', null, 'mutation', ''],
    ['connections.list', { limit: 5000 }, 'query', 'limit'],
    ['connections.list', { text: 'x'.repeat(201) }, 'query', 'text'],
    ['connections.list', { sort: 'luck' }, 'query', 'sort'],
    ['events.list', { limit: -1 }, 'query', 'limit'],
    ['events.follow', { lastEventId: '-5' }, 'subscription', 'lastEventId'],
    ['events.follow', { kinds: ['nothing'] }, 'subscription', 'kinds'],
    ['statistics.history', { range: '1y' }, 'query', 'range'],
  ])('%s with %j names the field', async (path, input, method, field) => {
    await using site = await startTestDaemon();
    using connection = await connect(site);
    const { error } = await ask(connection.socket, call(1, path, input, method));
    expect(error.data.code).toBe('BAD_REQUEST');
    expect(error.message).toContain(field);
    expect(error.data.failure).toEqual({ message: error.message, remedy: expect.any(String), log: null });
  });

  test('64 KiB and more ends that connection and no other', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    using connection = await connect(site);
    const closed = once(connection.socket, 'close');
    connection.socket.send(call(1, 'connections.list', { text: 'x'.repeat(66_000) }));
    expect((await closed)[0]).toBe(1009);
    expect(await page.trpc.acceleration.status.query()).toMatchObject({ state: 'off' });
  });

  test('just below 64 KiB is read', async () => {
    await using site = await startTestDaemon();
    using connection = await connect(site);
    const answer = await ask(connection.socket, call(1, 'connections.list', { text: 'x'.repeat(65_000) }));
    expect(answer.error.data.code).toBe('BAD_REQUEST');
  });

  test('a batch that is too large is refused as a whole', async () => {
    await using site = await startTestDaemon();
    using connection = await connect(site);
    const batch = Array.from({ length: 65 }, (_, id) =>
      JSON.parse(call(id, 'acceleration.enable', undefined, 'mutation')),
    );
    expect((await ask(connection.socket, JSON.stringify(batch))).error).toBeDefined();
    expect(site.dataPlane.calls.enable).toBe(0);
  });

  test('a flood ends the connection with words, and no other', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    using connection = await connect(site);
    const closed = once(connection.socket, 'close');
    for (let id = 0; id < 2000; id++) connection.socket.send('PING');
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([1013, 'Too many messages. Send at most 100 a second.']);
    expect(await page.trpc.acceleration.status.query()).toMatchObject({ state: 'off' });
  });
});

describe('limits of one connection', () => {
  test('32 subscriptions, and as many again once they have ended', async () => {
    await using site = await startTestDaemon();
    using connection = await connect(site);
    const { socket } = connection;
    const answers: { id: number; error?: { message: string }; result?: { type: string } }[] = [];
    socket.on('message', (data) => answers.push(JSON.parse(String(data))));
    const subscribe = (id: number) => socket.send(call(id, 'events.follow', {}, 'subscription'));
    const started = () => answers.filter(({ result }) => result?.type === 'started').length;

    for (let id = 1; id <= 33; id++) subscribe(id);
    while (started() < 32 || !answers.some(({ error }) => error)) await sleep(10);
    expect(answers.filter(({ error }) => error)).toMatchObject([
      { id: 33, error: { message: 'This connection already has 32 subscriptions running.' } },
    ]);

    for (let id = 1; id <= 32; id++) socket.send(JSON.stringify({ id, method: 'subscription.stop' }));
    while (answers.filter(({ result }) => result?.type === 'stopped').length < 32) await sleep(10);
    for (let id = 101; id <= 132; id++) subscribe(id);
    while (started() < 64) await sleep(10);
  });

  test('only the command line may make sign-in links', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    await expect(page.trpc.signIn.link.mutate()).rejects.toThrow('Only the command line');
  });
});

test('what went wrong inside is logged, and not told', async () => {
  await using site = await startTestDaemon();
  await using page = await openPage(site);
  await page.trpc.acceleration.enable.mutate();
  site.dataPlane.totals = () => {
    throw new Error('secret detail');
  };
  const error = await page.trpc.acceleration.status.query().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: 'Something unexpected went wrong in the daemon.' });
  expect(JSON.stringify(error)).not.toContain('secret detail');
  expect(site.log.join('\n')).toContain('secret detail');
});
