import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Access, memoryDatabase, type Services, startHttp } from '../../src/http/index.ts';
import { dial } from '../support/browser.ts';

const CLOCKS = { now: Date.now, steady: () => performance.now() };
/** Far longer than an answer takes. */
const LONG_MS = 300;

/** A server whose port is open, and whose services nobody may ask yet. */
async function startUnready() {
  await using undo = new AsyncDisposableStack();
  const database = undo.adopt(memoryDatabase(), (opened) => opened.close());
  const ready = Promise.withResolvers<void>();
  const server = await startHttp({
    services: {} as Services,
    access: new Access({ database, token: 'token', ...CLOCKS }),
    listen: { host: '127.0.0.1', port: 0 },
    webDir: '/nowhere',
    version: '0.0.0-test',
    log: () => {},
    certificate: null,
    ready: ready.promise,
  });
  undo.use(server);
  const all = undo.move();
  const close = () => all.disposeAsync();
  return { url: server.url, ready: () => ready.resolve(), close, [Symbol.asyncDispose]: close };
}

/** One request, one handshake, and what has come of each. */
function ask(url: string) {
  const answers: string[] = [];
  const note = (what: string) => () => void answers.push(what);
  const request = fetch(`${url}/api/session`).then(note('request'), note('request cut off'));
  const socket = dial(url, {});
  const handshake = once(socket, 'unexpected-response').then(note('handshake'), note('handshake cut off'));
  return { answers, all: Promise.all([request, handshake]) };
}

test('who comes before the daemon stands where an earlier one left off waits until it does', async () => {
  await using http = await startUnready();
  const asked = ask(http.url);
  await sleep(LONG_MS);
  expect(asked.answers).toEqual([]);
  http.ready();
  await asked.all;
  expect(asked.answers.toSorted()).toEqual(['handshake', 'request']);
});

test('who waits does not keep the server from closing', async () => {
  await using http = await startUnready();
  const asked = ask(http.url);
  await sleep(LONG_MS);
  await http.close();
  await asked.all;
  expect(asked.answers.toSorted()).toEqual(['handshake cut off', 'request cut off']);
});
