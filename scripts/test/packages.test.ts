import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshCopy } from './sidestep.ts';

/** A machine on which nothing is installed, and an apt-get of our own, which writes down what it was asked and what it found. */
let scratch: string;
let copy: ReturnType<typeof freshCopy>;
let sbin: string;
beforeEach(() => {
  copy = freshCopy();
  scratch = mkdtempSync(join(tmpdir(), 'sidestep-packages-'));
  sbin = join(scratch, 'sbin');
  for (const folder of ['bin', 'sbin']) mkdirSync(join(scratch, folder));
  tool('dpkg-query', 'exit 1');
});
afterEach(() => {
  copy[Symbol.dispose]();
  rmSync(scratch, { recursive: true });
});

function tool(name: string, script: string): void {
  const path = join(scratch, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const asked = () => readFileSync(join(scratch, 'asked'), 'utf8').split('\n');
const noteDown = () => `echo "$*" >>${scratch}/asked; cat /usr/sbin/policy-rc.d >${scratch}/policy`;

/** Starts a verb where a folder of ours is /usr/sbin, so that nothing is changed on this machine. */
function start(verb: string) {
  const prepare = `mount --bind ${sbin} /usr/sbin; PATH=${scratch}/bin:$PATH; exec "$0" ${verb}`;
  const child = spawn('unshare', ['-m', 'sh', '-ec', prepare, join(copy.folder, 'sidestep')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { pid: child.pid as number, ended: ended.then(([out, err, [code]]) => ({ out, err, code })) };
}

test('packages come by name, without recommendations, and their services are held back meanwhile', async () => {
  tool('apt-get', `${noteDown()}; case "$*" in *install*) echo "E: no such package" >&2; exit 100 ;; esac`);
  const { out, err, code } = await start('up').ended;
  expect(asked()[0]).toMatch(/ update$/);
  expect(asked()[1]).toMatch(/ install --no-install-recommends clang-14 .*libbpf-dev/);
  expect(readFileSync(join(scratch, 'policy'), 'utf8')).toContain('exit 101');
  expect(existsSync(join(sbin, 'policy-rc.d'))).toBe(false);

  expect(code).toBe(1);
  expect(out).toMatch(/Debian packages \(\d+\): failed after \d+ s/);
  expect(err).toContain('E: no such package');
  expect(err).toContain(`what it said is in ${copy.folder}/.sidestep/set-up.log`);
  expect(readFileSync(join(copy.folder, '.sidestep/set-up.log'), 'utf8')).toContain('E: no such package');
});

test('the benchmark also brings the programs that it measures, and no browser', async () => {
  tool('apt-get', `${noteDown()}; case "$*" in *install*) exit 100 ;; esac`);
  expect((await start('bench').ended).code).toBe(1);
  const installed = asked().find((words) => words.includes(' install '));
  expect(installed).toMatch(/clang-14 .*redis-server .*wrk postgresql/);
  expect(installed).not.toContain('chromium');
});

test.each([
  ['test --kernels', true],
  ['test', false],
])('an emulator comes only with the tests that need one: %s, %s', async (verb, wanted) => {
  tool('apt-get', `${noteDown()}; case "$*" in *install*) exit 100 ;; esac`);
  expect((await start(verb).ended).code).toBe(1);
  const installed = asked().find((words) => words.includes(' install ')) ?? '';
  expect(installed.includes('qemu-system-x86')).toBe(wanted);
  expect(installed.includes('chromium')).toBe(!wanted);
  expect(installed).not.toContain('linux-image');
});

test('a step that fails again shows what it said this time, and the log keeps both', async () => {
  tool('apt-get', 'echo "E: first"; exit 100');
  await start('up').ended;
  tool('apt-get', 'echo "E: second"; exit 100');
  const { err } = await start('up').ended;
  expect(err).toContain('E: second');
  expect(err).not.toContain('E: first');
  expect(readFileSync(join(copy.folder, '.sidestep/set-up.log'), 'utf8')).toMatch(/E: first[\s\S]*E: second/);
});

test('a policy of the machine about services comes back', async () => {
  writeFileSync(join(sbin, 'policy-rc.d'), '#!/bin/sh\nexit 0\n');
  tool('apt-get', `${noteDown()}; exit 100`);
  expect((await start('up').ended).code).toBe(1);
  expect(readFileSync(join(scratch, 'policy'), 'utf8')).toContain('exit 101');
  expect(readFileSync(join(sbin, 'policy-rc.d'), 'utf8')).toBe('#!/bin/sh\nexit 0\n');
  expect(existsSync(join(sbin, 'policy-rc.d.before-sidestep'))).toBe(false);
});

test('an interrupted installation holds nothing back and leaves nothing running', async () => {
  tool('apt-get', `${noteDown()}; exec sleep 60`);
  const { pid, ended } = start('up');
  while (!existsSync(join(scratch, 'policy'))) await setTimeout(20);
  process.kill(-pid, 'SIGINT');
  expect((await ended).code).toBe(130);
  expect(existsSync(join(sbin, 'policy-rc.d'))).toBe(false);
  // Which may be a moment later; the one that was started would run for a minute.
  for (let n = 0; n < 500 && groupLives(pid); n++) await setTimeout(50);
  expect(groupLives(pid)).toBe(false);
});

function groupLives(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}
