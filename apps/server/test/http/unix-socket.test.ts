import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { codeIn, post } from '../support/browser.ts';
import { startTestDaemon } from '../support/daemon.ts';

async function ask(socket: WebSocket, message: unknown) {
  const answer = once(socket, 'message');
  socket.send(JSON.stringify(message));
  const [data] = await answer;
  return JSON.parse(String(data));
}

test('who can open the socket needs no cookie, and may make sign-in links', async () => {
  await using site = await startTestDaemon();
  const path = join(site.options.stateDir, 'daemon.sock');
  const socket = new WebSocket(`ws+unix://${path}:/trpc`);
  await once(socket, 'open');
  expect(
    (await ask(socket, { id: 1, method: 'query', params: { path: 'acceleration.status' } })).result.data
      .state,
  ).toBe('off');
  const { url } = (await ask(socket, { id: 2, method: 'mutation', params: { path: 'signIn.link' } })).result
    .data;
  expect((await post(`${site.url}/api/sign-in`, { code: codeIn(url) })).status).toBe(200);
  socket.terminate();
});

test('an ordinary request gets an answer in words', async () => {
  await using site = await startTestDaemon();
  const socketPath = join(site.options.stateDir, 'daemon.sock');
  const status = await new Promise((resolve, reject) => {
    request({ socketPath, path: '/' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(404);
});

test('the socket goes with the daemon', async () => {
  const site = await startTestDaemon();
  const path = join(site.options.stateDir, 'daemon.sock');
  expect(existsSync(path)).toBe(true);
  await site[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
});
