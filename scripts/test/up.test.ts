import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../packages/bench/src/sandbox/free-port.ts';
import { run } from './sidestep.ts';

const script = join(import.meta.dirname, '../../sidestep');
/** The set-up may have something to build. */
const patience = 120_000;

let stateDir: string;
let cgroup: string;
let port: number;
beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'sidestep-up-'));
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const root = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1] ?? '';
  cgroup = join(root, `sidestep-up-${process.pid}`);
  mkdirSync(cgroup);
  port = await freePort();
});
afterEach(async () => {
  await sidestep('down');
  rmdirSync(cgroup);
  rmSync(stateDir, { recursive: true });
});

function sidestep(verb: string, ...more: readonly string[]) {
  const pins = `/sys/fs/bpf/sidestep-up-${process.pid}`;
  const own = [
    '--state-dir',
    stateDir,
    '--listen',
    `127.0.0.1:${port}`,
    '--cgroup',
    cgroup,
    '--pin-dir',
    pins,
  ];
  return run(script, verb, ...own, ...more);
}

test('up, up again, ask, down', { timeout: patience }, async () => {
  const up = await sidestep('up', '--detach');
  expect(up).toMatchObject({ code: 0, err: '' });
  expect(up.out).toMatch(new RegExp(`http://127\\.0\\.0\\.1:${port}/\\S*#\\S{40,}\n`));
  const pid = Number(readFileSync(join(stateDir, 'daemon.pid'), 'utf8'));

  const page = await fetch(`http://127.0.0.1:${port}/sign-in`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<html');

  expect(await sidestep('up', '--detach')).toMatchObject({
    code: 0,
    out: expect.stringContaining(`already running (process ${pid},`),
  });
  expect(JSON.parse((await sidestep('status', '--json')).out)).toMatchObject({ state: 'off', pid, cgroup });
  expect((await sidestep('status', '--bogus')).code).toBe(2);

  expect(await sidestep('down')).toEqual({ code: 0, out: 'Sidestep has stopped.\n', err: '' });
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  expect((await sidestep('status')).code).toBe(1);
  expect((await sidestep('down')).out).toContain('is not running');
});

test('a port that is taken: up fails with the words of the daemon, and nothing runs', {
  timeout: patience,
}, async () => {
  await using server = createServer().listen(port, '127.0.0.1');
  const up = await sidestep('up', '--detach');
  expect(up.code).toBe(1);
  expect(up.out).toContain(`127.0.0.1:${port}`);
  expect(up.err).toContain('The daemon did not start');
  expect((await sidestep('down')).out).toContain('is not running');
  expect(server.listening).toBe(true);
});

test.each<[string, string, number]>([
  ['in a state folder of another user', 'belongs to another user.', 65_534],
  ['in its own', 'daemon.log is a link; remove it', 0],
])(
  'a link in the place of the log, %s: up refuses, and writes nothing through it',
  { timeout: patience },
  async (_words, words, owner) => {
    const victim = join(stateDir, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(stateDir, 'daemon.log'));
    chownSync(stateDir, owner, owner);
    const up = await sidestep('up', '--detach');
    expect(up.code).toBe(1);
    expect(up.err).toContain(words);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  },
);
