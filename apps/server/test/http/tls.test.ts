import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { linkHost } from '../../src/http/listen.ts';
import { codeIn } from '../support/browser.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';

function certificate(folder: string) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    { stdio: 'ignore' },
  );
  return { cert, key };
}

/** fetch takes no certificate of ours. */
function post(url: string, ca: Buffer, body: unknown): Promise<{ status: number; cookie: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', ca, headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, cookie: response.headers['set-cookie']?.[0] ?? '' });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

test('with a certificate the page, the cookie and the ws connection are secure', async () => {
  using folder = temporaryFolder();
  const tls = certificate(folder.path);
  const ca = readFileSync(tls.cert);
  await using site = await startTestDaemon({ change: { tls } });
  expect(site.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);

  const { status, cookie } = await post(`${site.url}/api/sign-in`, ca, {
    code: codeIn(site.daemon.signInLink()),
  });
  expect(status).toBe(204);
  expect(cookie).toMatch(/^__Host-sidestep-\d+=[^;]+;.*Path=\/;.*HttpOnly; Secure; SameSite=Strict/);

  const headers = { origin: site.url, cookie: cookie.split(';')[0] };
  const socket = new WebSocket(`${site.url.replace('https', 'wss')}/trpc`, { ca, headers });
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'acceleration.status' } }));
  const [answer] = await once(socket, 'message');
  expect(JSON.parse(String(answer)).result.data.state).toBe('off');
  socket.terminate();

  const plain = new WebSocket(`${site.url.replace('https', 'wss')}/trpc`, {
    ca,
    headers: { ...headers, origin: site.url.replace('https', 'http') },
  });
  const [, refused] = await once(plain, 'unexpected-response');
  expect(refused.statusCode).toBe(403);
  refused.resume();
});

test('plain HTTP at a secure port gets no answer, and the daemon stays up', async () => {
  using folder = temporaryFolder();
  const tls = certificate(folder.path);
  await using site = await startTestDaemon({ change: { tls } });
  await expect(fetch(site.url.replace('https', 'http'))).rejects.toThrow();
  expect((await post(`${site.url}/api/sign-in`, readFileSync(tls.cert), {})).status).toBe(400);
});

test('a certificate that is not one is refused', async () => {
  using folder = temporaryFolder();
  const tls = certificate(folder.path);
  writeFileSync(tls.key, 'no key');
  await expect(startTestDaemon({ change: { tls } })).rejects.toThrow('PEM');
});

test('links name this host where the address means all of them', () => {
  expect(linkHost('127.0.0.1')).toBe('127.0.0.1');
  expect(linkHost('::1')).toBe('[::1]');
  expect(linkHost('0.0.0.0')).not.toContain('0.0.0.0');
});
