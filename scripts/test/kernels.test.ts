import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FileList } from '../kernels/file-list.ts';
import { writeInitramfs } from '../kernels/initramfs.ts';
import { addPackages } from '../kernels/node-packages.ts';
import { addCommands } from '../kernels/programs.ts';
import {
  CHECKS,
  type CheckName,
  type CheckResult,
  chosenChecks,
  countResults,
  type Message,
  parseMessage,
  table,
} from '../kernels/results.ts';
import { tryKernel } from '../kernels/try-kernel.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sidestep-kernels-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, content: string | object = ''): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
}

/** What the list has of the test's own folder. */
const own = (files: FileList) =>
  files.paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));

describe('what goes into the guest', () => {
  test('a link comes with what it leads to, and every folder before its content', () => {
    write('real/deep/file');
    symlinkSync('real/deep', join(folder, 'link'));
    const files = new FileList();
    expect(files.add(join(folder, 'link/file'))).toBe(join(folder, 'real/deep/file'));
    expect(own(files)).toEqual(['link', 'real', 'real/deep', 'real/deep/file']);
    expect(files.paths[0]).toBe(`/${folder.split('/')[1]}`);
  });

  test('a package comes with what it needs, as its own code finds it, and without what only compiles', () => {
    const dependencies = { near: '1', far: '1', typescript: '1', absent: '1' };
    write('app/package.json', { dependencies });
    write('app/node_modules/top/package.json', { dependencies, peerDependencies: { top: '1' } });
    write('app/node_modules/top/index.js');
    write('app/node_modules/top/node_modules/near/package.json', {});
    write('app/node_modules/near/package.json', {});
    write('app/node_modules/typescript/package.json', {});
    write('node_modules/far/package.json', {});
    const files = new FileList();
    addPackages(files, join(folder, 'app'), ['top']);
    const found = own(files).filter((path) => path.endsWith('.json') || path.endsWith('.js'));
    expect(found).toEqual([
      'app/node_modules/top/index.js',
      'app/node_modules/top/node_modules/near/package.json',
      'app/node_modules/top/package.json',
      'node_modules/far/package.json',
    ]);
    expect(() => addPackages(files, folder, ['absent'])).toThrow('The package absent is not installed');
  });

  test('a command comes with the libraries that it is linked with', () => {
    const files = new FileList();
    addCommands(files, ['sh']);
    expect(files.paths).toContainEqual(expect.stringMatching(/\/libc\.so\.6$/));
    expect(files.paths).toContainEqual(expect.stringMatching(/\/ld-linux[^/]*$/));
  });

  test('two archives follow each other: files of this host, and modules of the kernel, below a lib that may be a link', () => {
    write('host/file', 'content');
    write('kernel/lib/modules/6.1/kernel/net/nf.ko');
    write('kernel/lib/modules/6.1/kernel/drivers/net/veth.ko.xz');
    write('kernel/lib/modules/6.1/kernel/drivers/gpu/large.ko');
    write('kernel/lib/modules/6.1/modules.dep');
    const files = new FileList();
    files.add(join(folder, 'host/file'));
    const archive = join(folder, 'initramfs');
    writeInitramfs(archive, files, join(folder, 'kernel'));

    const unpacked = join(folder, 'unpacked');
    mkdirSync(unpacked);
    // As the kernel does: one archive after the other, where cpio by itself stops at the end of the first.
    const unpack =
      'while cpio -idm --quiet -D "$0" 2>/dev/null; do :; done <"$1"; find "$0" -type f -printf "%P\\n"';
    const list = execFileSync('sh', ['-c', unpack, unpacked, archive], { encoding: 'utf8' });
    expect(list.trim().split('\n').sort()).toEqual([
      'lib/modules/6.1/kernel/drivers/net/veth.ko.xz',
      'lib/modules/6.1/kernel/net/nf.ko',
      'lib/modules/6.1/modules.dep',
      join(folder, 'host/file').slice(1),
    ]);
  });
});

function result(change: Partial<CheckResult>): CheckResult {
  return { check: 'drain', passed: 2, failed: 0, seconds: 1, figures: [], failures: [], ...change };
}

/** With a program of our own in the emulator's place: `script` is told the boot's number, and where the console goes. */
describe('a kernel that is tried', () => {
  const said: string[] = [];
  beforeEach(() => {
    said.length = 0;
    vi.spyOn(console, 'log').mockImplementation((line) => said.push(String(line)));
    vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env.PATH}`);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  async function tried(script: string, wanted?: CheckName[]) {
    const emulator = `#!/bin/sh
      echo >>${folder}/boots
      boot=$(wc -l <${folder}/boots)
      for word; do case $word in file:*) console=\${word#file:} ;; esac; done
      ${script}`;
    write('bin/qemu-system-x86_64', emulator);
    chmodSync(join(folder, 'bin/qemu-system-x86_64'), 0o755);
    write('linux-image-6.1/boot/vmlinuz-6.1');
    write('linux-image-6.1/lib/modules/6.1/modules.dep');
    const kernel = await tryKernel(
      join(folder, 'linux-image-6.1'),
      new FileList(),
      join(folder, 'log'),
      wanted,
    );
    expect(readdirSync(folder)).not.toContain('log.initramfs');
    return { ...kernel, boots: readFileSync(join(folder, 'boots'), 'utf8').length };
  }
  const say = (...messages: Message[]) =>
    messages.map((message) => `echo '${JSON.stringify(message)}'`).join('\n');

  test('says what its checks came to, as they come', async () => {
    const failing = result({ check: 'torture', failed: 1, failures: ['a byte was lost'] });
    const progress = { progress: '✓ a test 3 s' };
    const outcome = await tried(say({ version: '#1 SMP' }, progress, result({}), failing, { end: true }));
    expect(outcome).toEqual({
      name: 'linux-image-6.1',
      version: '#1 SMP',
      checks: [result({}), failing],
      trouble: null,
      boots: 1,
    });
    expect(said).toContainEqual(expect.stringMatching(/✗ linux-image-6.1 torture .*1 failed/));
    expect(said).toContain('    a byte was lost');
    expect(said).toContain('    linux-image-6.1: ✓ a test 3 s');
  });

  test('is told on its command line which checks to make', async () => {
    const script = `for word; do echo "$word" >>${folder}/words; done; ${say({ version: '#1' }, { end: true })}`;
    await tried(script, ['pairing', 'drain']);
    expect(readFileSync(join(folder, 'words'), 'utf8')).toMatch(/ SIDESTEP_CHECKS=pairing,drain$/m);
  });

  test('is booted again when it crashes before its first process has spoken, and shows the console', async () => {
    const outcome = await tried(
      `if [ $boot = 1 ]; then echo 'Kernel panic' >$console; exit 0; fi; ${say({ version: '#1' }, { end: true })}`,
    );
    expect(outcome).toMatchObject({ trouble: null, boots: 2 });
    expect(said).toContain('    Kernel panic');
  });

  test('has failed when it never comes so far', async () => {
    expect(await tried('echo nothing >$console')).toMatchObject({
      trouble: expect.stringContaining('crashed'),
      boots: 3,
    });
  });

  test('has failed when it crashes afterwards', async () => {
    const outcome = await tried(`${say({ version: '#1' }, result({}))}; echo 'Oops' >$console; exit 3`);
    expect(outcome).toMatchObject({ checks: [result({})], trouble: 'the emulator ended with 3', boots: 1 });
    expect(said).toContain('    Oops');
  });
});

describe('what the guest says', () => {
  test('is read line by line, whatever else comes by that port', () => {
    expect(parseMessage('{"version":"#1 SMP"}')).toEqual({ version: '#1 SMP' });
    expect(parseMessage(JSON.stringify(result({})))).toEqual(result({}));
    expect(parseMessage('{"progress":"✓ a test"}')).toEqual({ progress: '✓ a test' });
    expect(parseMessage('{"end":true}')).toEqual({ end: true });
    for (const other of ['', 'Kernel panic', '{"check":"dra', 'null', '3', '"check"', '[]', '{}'])
      expect(parseMessage(other)).toBeNull();
  });

  test('a check counts only if something passed and nothing failed', () => {
    const all = CHECKS.map((check) => result({ check }));
    expect(countResults({ checks: all, trouble: null })).toEqual({ passed: CHECKS.length, failed: 0 });
    expect(countResults({ checks: all.slice(1), trouble: null })).toEqual({
      passed: CHECKS.length - 1,
      failed: 1,
    });
    expect(countResults({ checks: [], trouble: null })).toEqual({ passed: 0, failed: CHECKS.length });
    for (const bad of [result({ failed: 1 }), result({ passed: 0 })]) {
      const checks = all.map((one) => (one.check === 'drain' ? bad : one));
      expect(countResults({ checks, trouble: null })).toEqual({ passed: CHECKS.length - 1, failed: 1 });
    }
  });

  test('a kernel that crashes after its last check has failed', () => {
    const checks = CHECKS.map((check) => result({ check }));
    expect(countResults({ checks, trouble: 'it crashed' })).toEqual({ passed: CHECKS.length, failed: 1 });
    expect(countResults({ checks: [], trouble: 'it crashed' })).toEqual({ passed: 0, failed: CHECKS.length });
  });

  test('is of the checks that somebody chose, or of all', () => {
    expect(chosenChecks('')).toEqual(CHECKS);
    expect(chosenChecks('drain,pairing')).toEqual(['pairing', 'drain']);
    expect(() => chosenChecks('drain,drian')).toThrow('not drian.');
    expect(countResults({ checks: [result({})], trouble: null }, ['drain'])).toEqual({
      passed: 1,
      failed: 0,
    });
    const kernel = { name: 'linux-image-6.1', version: '#1', checks: [], trouble: null };
    expect(table([kernel], ['drain']).split('\n').slice(3)).toEqual(['| drain | did not run |']);
  });

  test('becomes a table: a column for each kernel, and what did not end says why', () => {
    const checks = [result({ figures: ['3 times | switched off'] }), result({ check: 'torture', failed: 1 })];
    const lines = table([
      { name: 'linux-image-6.1', version: '#1', checks, trouble: null },
      { name: 'linux-image-6.12', version: '#2', checks: [], trouble: 'not done after 60 minutes' },
    ]).split('\n');
    expect(lines.slice(0, 3)).toEqual(['|  | 6.1 | 6.12 |', '| --- | --- | --- |', '| version | #1 | #2 |']);
    expect(lines).toContain(
      '| drain | 2 passed; 3 times \\| switched off | did not end: not done after 60 minutes |',
    );
    expect(lines).toContain('| torture | **1 failed** | did not end: not done after 60 minutes |');
    expect(lines).toContain('| pairing | did not run | did not end: not done after 60 minutes |');
  });
});
