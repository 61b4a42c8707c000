/**
 * Pictures of the page over a real host: a daemon of its own, redis, nginx and PostgreSQL with their clients in its cgroup.
 * As root: `node e2e/support/real-host.ts FOLDER [SECONDS TO WATCH FIRST]`.
 */
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { freePort, run, until } from '@sidestep/bench';
import { LAUNCH } from './browser.ts';
import { Host } from './host.ts';
import { shoot } from './shoot.ts';

const [folder, seconds = '300'] = process.argv.slice(2);
if (!folder) throw new Error('Name a folder for the pictures.');

await using all = new AsyncDisposableStack();
const host = all.use(await Host.start('pictures'));
const scratch = mkdtempSync(join(tmpdir(), 'sidestep-pictures-'));
all.defer(() => rmSync(scratch, { recursive: true }));
const start = (user: string | undefined, ...command: string[]) =>
  all.use(host.cgroup.start(command, { user }));

const browser = await chromium.launch(LAUNCH);
all.defer(() => browser.close());
const page = await browser.newPage();
await page.goto(host.signInLink);
await page.getByRole('switch', { name: 'Acceleration' }).click();
await page.getByRole('button', { name: 'Turn on' }).click();
await page.getByText(/^on since/).waitFor();

const redis = await host.startRedis();
const web = await startNginx();
const database = await startPostgres();
start(
  undefined,
  'nice',
  'redis-benchmark',
  '-p',
  String(redis.port),
  '-c',
  '24',
  '-n',
  '1000000000',
  '-q',
  '-t',
  'get',
);
for (const pause of ['0.01', '0.05', '0.2']) {
  start(undefined, 'redis-cli', '-p', String(redis.port), '-r', '-1', '-i', pause, 'INCR', 'visits');
}
start(
  'postgres',
  'pgbench',
  '-h',
  '127.0.0.1',
  '-p',
  database,
  '-c',
  '8',
  '-R',
  '400',
  '-T',
  '3600',
  '-S',
  '-n',
  'postgres',
);
start(undefined, process.execPath, '-e', askWebServer(web));
start(
  undefined,
  'sh',
  '-c',
  `while :; do curl -s --limit-rate 24M http://127.0.0.1:${web}/large -o /dev/null; sleep 2; done`,
);

await page.goto(`${new URL(page.url()).origin}/trace`);
await page.getByRole('switch', { name: 'Kernel lines' }).click();
await page.waitForTimeout(Number(seconds) * 1000);
await shoot(page, new URL(page.url()).origin, folder);
// The children of what was started, too: nobody else would end them.
writeFileSync(join(host.cgroup.path, 'cgroup.kill'), '1');

async function startNginx(): Promise<string> {
  const port = String(await freePort());
  writeFileSync(join(scratch, 'large'), Buffer.alloc(200_000_000));
  writeFileSync(join(scratch, 'index.html'), 'x'.repeat(2000));
  writeFileSync(
    join(scratch, 'nginx.conf'),
    `daemon off; user root; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log; events {}
     http { access_log off; keepalive_requests 1000000; server { listen 127.0.0.1:${port}; root ${scratch}; } }`,
  );
  start(undefined, 'nginx', '-c', join(scratch, 'nginx.conf'), '-e', join(scratch, 'error.log'));
  await until('nginx answers', async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  return port;
}

async function startPostgres(): Promise<string> {
  const port = String(await freePort());
  const [bin] = (await run(['sh', '-c', 'ls -d /usr/lib/postgresql/*/bin'])).split('\n').slice(-1);
  const owner = Number(await run(['id', '-u', 'postgres']));
  const data = mkdtempSync(join(tmpdir(), 'sidestep-postgres-'));
  all.defer(() => rmSync(data, { recursive: true }));
  chownSync(data, owner, owner);
  await run([`${bin}/initdb`, '-D', data, '-A', 'trust', '-N'], { user: 'postgres' });
  start('postgres', `${bin}/postgres`, '-D', data, '-p', port, '-k', data, '-h', '127.0.0.1');
  const client = ['pgbench', '-h', '127.0.0.1', '-p', port, '-i', '-q', 'postgres'];
  await until('PostgreSQL answers', () => run(client, { user: 'postgres' }).then(() => true));
  return port;
}

/** A program that keeps a few connections and asks at an easy pace. */
function askWebServer(port: string): string {
  return `const http = require('node:http');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 6 });
    setInterval(() => http.get({ host: '127.0.0.1', port: ${port}, agent }, (answer) => answer.resume()), 5);`;
}
