import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshCopy } from './sidestep.ts';

let copy: ReturnType<typeof freshCopy>;
let stateDir: string;
let child: ChildProcess | null;
beforeEach(() => {
  copy = freshCopy();
  stateDir = mkdtempSync(join(tmpdir(), 'sidestep-state-'));
  child = null;
});
afterEach(() => {
  child?.kill('SIGKILL');
  copy[Symbol.dispose]();
  rmSync(stateDir, { recursive: true });
});

/** A process with the number in the pid file, which takes its time to stop. It looks like the daemon of the folder whose lock it has open. */
async function standIn(folder: string): Promise<ChildProcess> {
  const lock = JSON.stringify(join(folder, 'lock'));
  const script = `fs.openSync(${lock}, 'a'); process.on('SIGTERM', () => setTimeout(process.exit, 500, 7)); process.send('ready'); setInterval(() => {}, 1000);`;
  child = spawn(process.execPath, ['-e', script, '/somewhere/apps/server/src/main.ts'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  child.disconnect();
  writeFileSync(join(stateDir, 'daemon.pid'), `${child.pid}\n`);
  return child;
}

test('a second up says that it is already running, and changes nothing', async () => {
  const daemon = await standIn(stateDir);
  const answer = await copy.sidestep('up', '--state-dir', stateDir);
  expect(answer.out).toContain(`Sidestep is already running (process ${daemon.pid}, state in ${stateDir})`);
  expect(answer.code).toBe(0);
  expect(daemon.exitCode).toBeNull();
  expect(copy.content()).toEqual(['package.json', 'scripts', 'sidestep']);
});

test('down asks the daemon to stop, and waits until it has', async () => {
  const daemon = await standIn(stateDir);
  const ended = once(daemon, 'exit');
  expect(await copy.sidestep('down', `--state-dir=${stateDir}`)).toEqual({
    code: 0,
    out: 'Sidestep has stopped.\n',
    err: '',
  });
  expect(existsSync(`/proc/${daemon.pid}`)).toBe(false);
  expect((await ended)[0]).toBe(7);
});

test('down without a daemon says so', async () => {
  const answer = await copy.sidestep('down', '--state-dir', stateDir);
  expect(answer).toEqual({ code: 0, out: `Sidestep is not running (state in ${stateDir}).\n`, err: '' });
});

test('a pid file that outlived its daemon does no harm to whoever has the number now', async () => {
  // It is a daemon even, but that of another folder.
  const bystander = await standIn(copy.folder);
  writeFileSync(join(stateDir, 'lock'), '');
  expect((await copy.sidestep('down', '--state-dir', stateDir)).out).toContain('is not running');
  expect(bystander.signalCode).toBeNull();
});

test.each(['', '2147483647', 'nonsense'])('a pid file that says "%s" is nobody\'s', async (content) => {
  writeFileSync(join(stateDir, 'daemon.pid'), content);
  const { code, out, err } = await copy.sidestep('down', '--state-dir', stateDir);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('is not running');
});

const FOREIGN: [string, (path: string) => void, RegExp][] = [
  [
    'of another user',
    (path) => chownSync(path, 65_534, 65_534),
    /belongs to another user\. .*--state-dir, or change its owner with chown\./,
  ],
  [
    'that its group may write',
    (path) => chmodSync(path, 0o770),
    /^sidestep: Others may write to .*, or run chmod go-w /,
  ],
  [
    'behind a link',
    (path) => {
      renameSync(path, join(copy.folder, 'real'));
      symlinkSync(join(copy.folder, 'real'), path);
    },
    /is not a folder\. Choose another with --state-dir\./,
  ],
];

describe.each(FOREIGN)('in a state folder %s', (_words, spoil, words) => {
  test.each(['up', 'down', 'dev'])(
    '%s believes nothing, and does no harm to whom its files name',
    async (verb) => {
      const bystander = await standIn(copy.folder);
      symlinkSync(join(copy.folder, 'lock'), join(stateDir, 'lock'));
      spoil(stateDir);
      const { code, out, err } = await copy.sidestep(verb, '--state-dir', `${stateDir}/`);
      expect(err).toMatch(words);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(bystander.exitCode).toBeNull();
    },
  );
});
