import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { WebSocket } from 'ws';
import { dial, post, type SignedIn, signIn } from '../support/browser.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { fuzz } from './support/fuzz.ts';
import { inputs } from './support/inputs.ts';
import { exchangeBytes, MESSAGES_EACH, messages, Talker } from './support/wire.ts';

/** One daemon for all inputs: what one of them breaks, the next would find broken. */
let site: TestDaemon;
let signedIn: SignedIn;
let page: Talker;
let commandLine: Talker;
const socketPath = () => join(site.options.stateDir, 'daemon.sock');
beforeAll(async () => {
  site = await startTestDaemon();
  signedIn = await signIn(site);
  page = new Talker(() => dial(site.url, signedIn));
  commandLine = new Talker(() => new WebSocket(`ws+unix://${socketPath()}:/trpc`));
});
afterAll(async () => {
  page[Symbol.dispose]();
  commandLine[Symbol.dispose]();
  expect(site.log.filter((line) => line.includes('failed'))).toEqual([]);
  await site[Symbol.asyncDispose]();
});

fuzz('a page may send what it likes', messages, (all) => page.say(all), { each: MESSAGES_EACH });
fuzz('a command line may send what it likes', messages, (all) => commandLine.say(all), {
  each: MESSAGES_EACH,
});

/** Put in when the port is known, so that the same seed makes the same inputs. */
const OWN_HOST = 'Host: (ours)';
const ours = (request: string) =>
  Buffer.from(request.replace(OWN_HOST, `Host: 127.0.0.1:${site.port}`), 'latin1');

const line = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
const header = fc.oneof(
  fc.constantFrom(
    ...[
      'Upgrade: websocket',
      'Upgrade: h2c',
      'Connection: Upgrade',
      'Connection: close',
      'Host: evil.example',
    ],
    ...[
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Version: 99',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: sidestep, sidestep-key.x',
    ],
    ...[
      'Origin: http://evil.example',
      'Origin: null',
      'Cookie: sidestep-1=x; ;;=',
      'Content-Length: 5',
      'Content-Length: -1',
    ],
    ...[
      'Transfer-Encoding: chunked',
      'Expect: 100-continue',
      'Authorization: Bearer x',
      'Sec-WebSocket-Extensions: x;y=z',
    ],
  ),
  fc.tuple(line, line).map(([name, value]) => `${name}: ${value}`),
);
const request = fc
  .record({
    start: fc.oneof(
      fc.tuple(
        fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT'),
        fc.oneof(
          fc.constantFrom(
            '/trpc',
            '/trpc?x',
            '/',
            '/api/sign-in',
            '/api/session',
            '/metrics',
            '/healthz',
            '/%',
            '//',
            '*',
          ),
          fc.webPath(),
          line,
        ),
      ),
      fc.tuple(line, line),
    ),
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''),
    headers: fc.array(header, { maxLength: 8 }),
    own: fc.boolean(),
    body: fc.oneof(fc.constant(''), fc.json(), fc.string({ unit: 'binary', maxLength: 100 })),
  })
  .map(({ start, version, headers, own, body }) => {
    const lines = [`${start.join(' ')} ${version}`, ...(own ? [OWN_HOST] : []), ...headers];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  });
const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Nobody gets in, nobody is told a stack, and the daemon goes on answering. */
function expectRefusal(answer: string): void {
  expect(answer).toMatch(/^(HTTP\/1\.1 (100|200|204|400|401|403|404|405|408|411|413|415|417|431|505) |$)/);
  expect(answer).not.toMatch(/node_modules|\.ts:\d/);
}

fuzz(
  'nobody gets onto the page’s port without a cookie, whatever the request is',
  fc.oneof({ weight: 6, arbitrary: request }, { weight: 1, arbitrary: noise }),
  async (bytes) => expectRefusal(await exchangeBytes({ host: '127.0.0.1', port: site.port }, ours(bytes))),
  { each: 4 },
);

fuzz(
  'whatever request the command line’s socket gets, it answers or closes',
  fc.oneof({ weight: 6, arbitrary: request }, { weight: 1, arbitrary: noise }),
  async (bytes) => {
    const answer = await exchangeBytes({ path: socketPath() }, ours(bytes));
    expect(answer).toMatch(/^(HTTP\/1\.1 (100|101|400|404|405|417|426|431|505) |$)/);
  },
  { each: 4 },
);

const HANDSHAKE = [
  ...['GET /trpc HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade'],
  ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
].join('\r\n');

/** A frame whose parts need not fit each other. */
const frame = fc
  .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 40 }))
  .map(([first, second, rest]) => Buffer.from([first, second, ...rest]).toString('latin1'));

fuzz(
  'frames that are none end the connection, and no other',
  fc.array(fc.oneof(frame, noise), { maxLength: 4 }),
  async (frames) => {
    const answer = await exchangeBytes(
      { path: socketPath() },
      Buffer.from([HANDSHAKE, ...frames].join(''), 'latin1'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    await commandLine.say([]);
  },
  { each: 4 },
);

fuzz(
  'a sign-in that is none is refused in words',
  fc.oneof(
    inputs.map((value) => JSON.stringify(value) ?? ''),
    inputs.map((code) => JSON.stringify({ code })),
    fc.string({ unit: 'binary' }),
  ),
  async (body) => {
    const response = await post(`${site.url}/api/sign-in`, body);
    expect([400, 401, 413, 429]).toContain(response.status);
    expect(await response.json()).toEqual({
      message: expect.stringMatching(/\S/),
      remedy: expect.stringMatching(/\S/),
    });
  },
  { each: 10 },
);
