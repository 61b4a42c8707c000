import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { protocolsWith } from '@sidestep/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { linkHost } from '../../src/http/listen.ts';
import { codeIn } from '../support/browser.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';

function certificate(folder: string, names = 'DNS:localhost,IP:127.0.0.1') {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${names}`];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    { stdio: 'ignore' },
  );
  return { cert, key };
}

/** fetch takes no certificate of ours. */
function post(
  url: string,
  ca: Buffer,
  body: unknown,
): Promise<{ status: number; cookie: string; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', ca, headers: { 'content-type': 'application/json' } },
      async (response) => {
        resolve({
          status: response.statusCode ?? 0,
          cookie: response.headers['set-cookie']?.[0] ?? '',
          body: (await response.toArray()).join(''),
        });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

/** The status that answers a request for `/healthz` with that Host header. */
function statusFor({ url }: { url: string }, ca: Buffer, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { ca, headers: { host }, agent: false, checkServerIdentity: () => undefined };
    request(`${url}/healthz`, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

test('with a certificate the page, the cookie and the ws connection are secure', async () => {
  using folder = temporaryFolder();
  const tls = certificate(folder.path);
  const ca = readFileSync(tls.cert);
  await using site = await startTestDaemon({ change: { tls } });
  expect(site.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);

  const { status, cookie, body } = await post(`${site.url}/api/sign-in`, ca, {
    code: codeIn(site.daemon.signInLink()),
  });
  expect(status).toBe(200);
  expect(cookie).toMatch(/^__Host-sidestep-\d+=[^;]+;.*Path=\/;.*HttpOnly; Secure; SameSite=Strict/);

  const headers = { origin: site.url, cookie: cookie.split(';')[0] };
  const protocols = protocolsWith(JSON.parse(body).key);
  const socket = new WebSocket(`${site.url.replace('https', 'wss')}/trpc`, protocols, { ca, headers });
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'acceleration.status' } }));
  const [answer] = await once(socket, 'message');
  expect(JSON.parse(String(answer)).result.data.state).toBe('off');
  socket.terminate();

  const plain = new WebSocket(`${site.url.replace('https', 'wss')}/trpc`, protocols, {
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

test('the names of the certificate are the daemon’s own, and no others', async () => {
  using folder = temporaryFolder();
  const tls = certificate(folder.path, 'DNS:Bypass.Example.com,DNS:*.hosts.example');
  const ca = readFileSync(tls.cert);
  await using site = await startTestDaemon({ change: { tls } });
  const hosts = ['bypass.example.com', 'BYPASS.example.com:7070', 'one.hosts.example', 'localhost'];
  for (const host of hosts) expect([host, await statusFor(site, ca, host)]).toEqual([host, 200]);
  const others = ['other.example.com', 'hosts.example', 'one.two.hosts.example', '*.hosts.example'];
  for (const host of others) expect([host, await statusFor(site, ca, host)]).toEqual([host, 403]);
});

describe('a certificate that is renewed on disk', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const aMinuteLater = () => vi.advanceTimersByTime(60_000);

  test('is used without a restart, with its names; a bad one is not, and is said once', async () => {
    using folder = temporaryFolder();
    const tls = certificate(folder.path);
    const first = readFileSync(tls.cert);
    await using site = await startTestDaemon({ change: { tls } });
    const said = () => site.log.filter((line) => line.includes('TLS certificate'));
    aMinuteLater();
    expect(await statusFor(site, first, 'localhost')).toBe(200);
    expect(said()).toEqual([]);

    const key = readFileSync(tls.key);
    writeFileSync(tls.key, 'no key');
    aMinuteLater();
    aMinuteLater();
    expect(await statusFor(site, first, 'localhost')).toBe(200);
    expect(said()).toEqual([
      expect.stringMatching(/^Could not use the new TLS certificate \(the one before stays until .*\): /),
    ]);

    writeFileSync(tls.key, key);
    certificate(folder.path, 'DNS:renewed.example.com');
    const second = readFileSync(tls.cert);
    expect(await statusFor(site, first, 'renewed.example.com')).toBe(403);
    aMinuteLater();
    expect(await statusFor(site, second, 'renewed.example.com')).toBe(200);
    await expect(statusFor(site, first, 'localhost')).rejects.toThrow();
    expect(said().slice(1)).toEqual(['The TLS certificate was renewed.']);
  });
});

describe('the link names', () => {
  const own = hostname().toLowerCase();
  const everywhere = { host: '0.0.0.0', port: 0 };
  test.each([
    ['this host where the certificate does', `DNS:other.example,DNS:${own}`, hostname()],
    [
      'a name of the certificate where it does not name this host',
      'DNS:localhost,DNS:other.example',
      'other.example',
    ],
    [
      'the one that begins like this host’s',
      `DNS:other.example,DNS:${own}.example.com`,
      `${own}.example.com`,
    ],
    ['this host where the certificate has no name to open', 'DNS:localhost,DNS:*.example', hostname()],
  ])('%s', async (_words, names, name) => {
    using folder = temporaryFolder();
    const tls = certificate(folder.path, names);
    await using site = await startTestDaemon({ change: { tls, listen: everywhere } });
    expect(site.url).toBe(`https://${name}:${site.port}`);
    expect(site.daemon.signInLink()).toMatch(`${site.url}/sign-in#`);
  });

  test('the address where only that leads to the daemon', async () => {
    using folder = temporaryFolder();
    const tls = certificate(folder.path, 'DNS:other.example');
    await using site = await startTestDaemon({ change: { tls } });
    expect(site.url).toBe(`https://127.0.0.1:${site.port}`);
  });

  test('this host where the address means all of them and there is no certificate', () => {
    expect(linkHost('127.0.0.1', null)).toBe('127.0.0.1');
    expect(linkHost('::1', null)).toBe('[::1]');
    expect(linkHost('0.0.0.0', null)).not.toContain('0.0.0.0');
  });
});
