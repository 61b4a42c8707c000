import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeIn, dial, headersOf, openPage, post, type SignedIn, signIn } from '../support/browser.ts';
import { startTestDaemon } from '../support/daemon.ts';

const session = async (url: string, headers: Record<string, string> = {}) =>
  (await fetch(`${url}/api/session`, { headers })).json();

describe('signing in', () => {
  test('a link gives a cookie that scripts and other sites cannot use, and a key, and is dead then', async () => {
    await using site = await startTestDaemon();
    const link = site.daemon.signInLink();
    expect(link).toMatch(new RegExp(`^${site.url}/sign-in#[\\w-]{43}$`));
    const response = await post(`${site.url}/api/sign-in`, { code: codeIn(link) });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    expect(cookie).toContain('Path=/');
    expect(cookie).toContain('Max-Age=2592000');
    const { key } = (await response.json()) as { key: string };
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(cookie).not.toContain(key);
    expect(await session(site.url, headersOf({ cookie: cookie.split(';')[0] ?? '', key }))).toMatchObject({
      signedIn: true,
      keyMissing: false,
      version: '0.0.0-test',
    });
    expect((await post(`${site.url}/api/sign-in`, { code: codeIn(link) })).status).toBe(401);
  });

  test('the token of the state folder signs in as well', async () => {
    await using site = await startTestDaemon();
    const token = readFileSync(join(site.options.stateDir, 'token'), 'utf8').trim();
    expect((await post(`${site.url}/api/sign-in`, { code: token })).status).toBe(200);
    expect((await post(`${site.url}/api/sign-in`, { code: token })).status).toBe(200);
  });

  test('without a cookie nobody is signed in', async () => {
    await using site = await startTestDaemon();
    const { key } = await signIn(site);
    expect(await session(site.url)).toMatchObject({ signedIn: false, keyMissing: false });
    expect(await session(site.url, headersOf({ cookie: '', key }))).toMatchObject({ signedIn: false });
    const guess = headersOf({ cookie: `sidestep-${site.port}=guess`, key });
    expect(await session(site.url, guess)).toMatchObject({ signedIn: false });
  });

  test('with a cookie and no key nobody is, and is told which is missing', async () => {
    await using site = await startTestDaemon();
    const { cookie } = await signIn(site);
    expect(await session(site.url, { cookie })).toMatchObject({ signedIn: false, keyMissing: true });
    const wrong = headersOf({ cookie, key: 'x'.repeat(43) });
    expect(await session(site.url, wrong)).toMatchObject({ signedIn: false, keyMissing: false });
  });

  test.each([
    ['no body', ''],
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no code', '{}'],
    ['a number', '{"code":1}'],
    ['an empty code', '{"code":""}'],
    ['a code without end', JSON.stringify({ code: 'x'.repeat(1000) })],
  ])('%s is a bad request, in words', async (_words, body) => {
    await using site = await startTestDaemon();
    const response = await post(`${site.url}/api/sign-in`, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: expect.any(String), remedy: expect.any(String) });
  });

  test('a form of another site, which could not send JSON, gets nowhere', async () => {
    await using site = await startTestDaemon();
    const response = await fetch(`${site.url}/api/sign-in`, {
      method: 'POST',
      body: 'code=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(response.status).toBe(415);
  });

  test('a body that is too large is refused', async () => {
    await using site = await startTestDaemon();
    expect((await post(`${site.url}/api/sign-in`, { code: 'x'.repeat(10_000) })).status).toBe(413);
  });

  test('a wrong code a hundred times: slowed down, told when to come back, and the daemon stays up', async () => {
    await using site = await startTestDaemon();
    const code = codeIn(site.daemon.signInLink());
    const statuses = new Map<number, number>();
    let retryAfter = 0;
    for (let n = 0; n < 100; n++) {
      const response = await post(`${site.url}/api/sign-in`, { code: `wrong ${n}` });
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      if (response.status === 429) retryAfter = Number(response.headers.get('retry-after'));
    }
    expect([...statuses.keys()].sort()).toEqual([401, 429]);
    expect(statuses.get(401)).toBeLessThan(20);
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
    expect((await post(`${site.url}/api/sign-in`, { code })).status).toBe(200);
  });
});

describe('signing out', () => {
  test('ends the session and its open connections', async () => {
    await using site = await startTestDaemon();
    const signedIn = await signIn(site);
    const socket = dial(site.url, signedIn);
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('open', resolve));
    const response = await post(`${site.url}/api/sign-out`, {}, headersOf(signedIn));
    expect(response.status).toBe(204);
    expect(response.headers.get('set-cookie')).toMatch(/^sidestep-\d+=;/);
    expect(await closed).toBe(4401);
    expect(await session(site.url, headersOf(signedIn))).toMatchObject({ signedIn: false });
  });

  test('is logged only where there was a session', async () => {
    await using site = await startTestDaemon();
    const signedIn = await signIn(site);
    const signOut = (sent: SignedIn) => post(`${site.url}/api/sign-out`, {}, headersOf(sent));
    expect((await signOut({ ...signedIn, cookie: `sidestep-${site.port}=guess` })).status).toBe(204);
    await signOut(signedIn);
    await signOut(signedIn);
    expect(site.log.filter((line) => line.endsWith('signed out.'))).toHaveLength(1);
  });

  test('leaves other sessions alone', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    const other = await signIn(site);
    await post(`${site.url}/api/sign-out`, {}, headersOf(other));
    expect(await page.trpc.acceleration.status.query()).toMatchObject({ state: 'off' });
  });
});

test('who has the cookie and not the key cannot sign its browser out', async () => {
  await using site = await startTestDaemon();
  const signedIn = await signIn(site);
  await post(`${site.url}/api/sign-out`, {}, { cookie: signedIn.cookie });
  expect(await session(site.url, headersOf(signedIn))).toMatchObject({ signedIn: true });
});

describe('a foreign Host or Origin', () => {
  /** fetch would not let us forge a Host. */
  const ask = (port: number, headers: Record<string, string>, path = '/') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers }, async (response) => {
        resolve({ status: response.statusCode ?? 0, body: (await response.toArray()).join('') });
      })
        .on('error', reject)
        .end();
    });

  test.each(['/', '/healthz', '/metrics', '/api/session', '/nowhere'])('is refused at %s', async (path) => {
    await using site = await startTestDaemon();
    const foreignHost = await ask(site.port, { host: 'evil.example' }, path);
    expect(foreignHost.status).toBe(403);
    expect(JSON.parse(foreignHost.body)).toEqual({
      message: expect.stringContaining('Host'),
      remedy: expect.any(String),
    });
    const foreignOrigin = await ask(
      site.port,
      { host: `127.0.0.1:${site.port}`, origin: 'http://evil.example' },
      path,
    );
    expect(foreignOrigin.status).toBe(403);
  });

  test('cannot sign in even with a right code, which stays alive', async () => {
    await using site = await startTestDaemon();
    const code = codeIn(site.daemon.signInLink());
    expect((await post(`${site.url}/api/sign-in`, { code }, { origin: 'http://evil.example' })).status).toBe(
      403,
    );
    expect((await post(`${site.url}/api/sign-in`, { code }, { origin: site.url })).status).toBe(200);
  });
});

describe('metrics', () => {
  test('are for holders of the token, and not for browsers', async () => {
    await using site = await startTestDaemon();
    const get = async (headers: Record<string, string>) =>
      (await fetch(`${site.url}/metrics`, { headers })).status;
    const token = readFileSync(join(site.options.stateDir, 'token'), 'utf8').trim();
    expect(await get({})).toBe(401);
    expect(await get({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await get({ authorization: 'Basic eDp5' })).toBe(401);
    expect(await get({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await get({ cookie: (await signIn(site)).cookie })).toBe(401);
  });

  test('say what the status says, in the Prometheus format', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    await page.trpc.acceleration.enable.mutate();
    site.dataPlane.kernel.totals = {
      bytes: { bypass: 640, stack: 7 },
      messages: { bypass: 10, stack: 1 },
      events: { sent: 9, lost: 2 },
      untracked: 0,
      leftOut: 1204,
    };
    const token = readFileSync(join(site.options.stateDir, 'token'), 'utf8').trim();
    const text = await (
      await fetch(`${site.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
    ).text();
    for (const line of [
      'sidestep_state{state="on"} 1',
      'sidestep_state{state="off"} 0',
      'sidestep_bytes_total{path="bypass"} 640',
      'sidestep_messages_total{path="stack"} 1',
      'sidestep_events_received_total 7',
      'sidestep_events_lost_total 2',
      'sidestep_connections_left_out_total 1204',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[\w-]+"\})? [\d.]+)$/);
  });
});
