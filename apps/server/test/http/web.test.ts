import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';

const FILES = {
  'index.html': '<html><script>home()</script>Overview</html>',
  'connections.html': '<html>Connections</html>',
  'help/index.html': '<html>Help</html>',
  '404.html': '<html><script>lost()</script>Nothing here</html>',
  'connections.txt': 'payload',
  '_next/static/chunks/app-1a2b3c.js': 'run()',
  'icon.svg': '<svg/>',
};

async function startSite() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(temporaryFolder());
  writeFileSync(join(folder.path, 'secret'), 'secret');
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder.path, 'out', path)), { recursive: true });
    writeFileSync(join(folder.path, 'out', path), text);
  }
  const site = undo.use(await startTestDaemon({ change: { web: join(folder.path, 'out') } }));
  const all = undo.move();
  return { site, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Asks for a path exactly as it is written, which fetch would clean up first, and lets caches answer, which fetch would not. */
function rawGet(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, async (response) => {
      resolve({ status: response.statusCode ?? 0, text: (await response.toArray()).join('') });
    })
      .on('error', reject)
      .end();
  });
}

test('pages, their data and their parts', async () => {
  await using started = await startSite();
  const { url } = started.site;
  for (const [path, text] of [
    ['/', 'Overview'],
    ['/connections', 'Connections'],
    ['/connections/', 'Connections'],
    ['/connections?path=stack', 'Connections'],
    ['/help', 'Help'],
    ['/connections.txt?_rsc=1x', 'payload'],
    ['/icon.svg', '<svg/>'],
  ] as const) {
    const response = await fetch(url + path);
    expect([path, response.status]).toEqual([path, 200]);
    expect(await response.text()).toContain(text);
  }
});

test('what is not there is 404, with the page that says so', async () => {
  await using started = await startSite();
  const response = await fetch(`${started.site.url}/nowhere`);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toContain('text/html');
  expect(await response.text()).toContain('Nothing here');
  expect((await fetch(`${started.site.url}/_next/static/chunks/gone.js`)).status).toBe(404);
  expect((await fetch(`${started.site.url}/connections`, { method: 'POST' })).status).toBe(404);
});

test.each([
  '/../secret',
  '/%2e%2e/secret',
  '/..%2fsecret',
  '/_next/../../secret',
  '//secret',
  '/%00',
  '/index.html/../../secret',
])('nothing outside the folder can be had by %s', async (path) => {
  await using started = await startSite();
  const answer = await rawGet(started.site.port, path);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.text).not.toContain('secret');
});

test('what follows a # is not looked at, though no browser sends it', async () => {
  await using started = await startSite();
  for (const [path, text] of [
    ['/#%', 'Overview'],
    ['/connections#%zz?', 'Connections'],
    ['/connections?%#%', 'Connections'],
  ] as const)
    expect(await rawGet(started.site.port, path)).toEqual({
      status: 200,
      text: expect.stringContaining(text),
    });
});

test.each(['/%zz', '/connections%', 'http://%zz@127.0.0.1/'])(
  '%s, which cannot be decoded, is answered with 400, and the log says nothing',
  async (path) => {
    await using started = await startSite();
    const { status, text } = await rawGet(started.site.port, path);
    expect([status, JSON.parse(text)]).toEqual([
      400,
      { message: 'The address is not valid.', remedy: 'Correct the request.' },
    ]);
    expect(started.site.log.filter((line) => line.includes('failed'))).toEqual([]);
  },
);

test('hashed files may be kept for ever, pages are asked for again', async () => {
  await using started = await startSite();
  const { url } = started.site;
  const asset = await fetch(`${url}/_next/static/chunks/app-1a2b3c.js`);
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const page = await fetch(`${url}/`);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const again = await rawGet(started.site.port, '/', { 'if-none-match': page.headers.get('etag') ?? '' });
  expect(again.status).toBe(304);
});

test('each page carries the hashes of its own scripts, and every answer the security headers', async () => {
  await using started = await startSite();
  const { url } = started.site;
  const policies = await Promise.all(
    ['/', '/connections', '/nowhere'].map(
      async (path) => (await fetch(url + path)).headers.get('content-security-policy') ?? '',
    ),
  );
  const hashes = policies.map((policy) => policy.match(/'sha256-[^']+'/g)?.length ?? 0);
  expect(hashes).toEqual([1, 0, 1]);
  expect(policies[0]).not.toBe(policies[2]);
  for (const path of ['/', '/icon.svg', '/nowhere', '/healthz', '/api/session', '/metrics', '/%zz']) {
    const { headers } = await fetch(url + path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});

test('a page that was not built is said, and the daemon runs', async () => {
  await using site = await startTestDaemon();
  const response = await fetch(`${site.url}/`);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('./sidestep up');
  expect(await (await fetch(`${site.url}/healthz`)).json()).toEqual({ status: 'ok' });
});
