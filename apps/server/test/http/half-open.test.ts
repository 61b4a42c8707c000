import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { handshakeLines, headersOf, post, type SignedIn, signIn } from '../support/browser.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

/** A client that shakes hands by hand and never closes its end. */
function dialRaw(site: TestDaemon, signedIn: SignedIn): Socket {
  const socket = createConnection({ port: site.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write(
    [
      'GET /trpc HTTP/1.1',
      `Host: 127.0.0.1:${site.port}`,
      `Origin: ${site.url}`,
      `${handshakeLines(signedIn)}Connection: Upgrade`,
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      '\r\n',
    ].join('\r\n'),
  );
  return socket;
}

/** A text frame as clients send it, masked with zeros. */
const frame = (text: string) => Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)]);

test('signing out ends a connection whose client ignores the close frame', async () => {
  await using site = await startTestDaemon();
  const signedIn = await signIn(site);
  const socket = dialRaw(site, signedIn);
  socket.on('error', () => {});
  expect(String((await once(socket, 'data'))[0])).toContain('101 Switching Protocols');
  await post(`${site.url}/api/sign-out`, {}, headersOf(signedIn));
  socket.resume();
  const ended = once(socket, 'end');
  socket.write(frame('{"id":1,"method":"mutation","params":{"path":"acceleration.enable"}}'));
  await ended;
  expect(site.dataPlane.kernel.pinned).toBe(false);
  socket.destroy();
});

test('a handshake that is refused is closed on both sides, whatever the client does', async () => {
  await using site = await startTestDaemon();
  const socket = dialRaw(site, { cookie: '', key: '' });
  let failed = false;
  socket.on('error', () => {
    failed = true;
  });
  expect(String((await once(socket, 'data'))[0])).toContain('401 Unauthorized');
  // Only who still holds the connection takes what is sent on it.
  await until(() => {
    if (!failed) socket.write('x');
    return failed;
  }, 'The daemon still holds the connection.');
  socket.destroy();
});
