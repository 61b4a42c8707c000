import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshCopy, run } from './sidestep.ts';

let copy: ReturnType<typeof freshCopy>;
let scratch: string;
beforeEach(() => {
  copy = freshCopy();
  scratch = mkdtempSync(join(tmpdir(), 'sidestep-scratch-'));
});
afterEach(() => {
  // Whatever was refused was refused before anything was changed.
  expect(copy.content()).toEqual(['package.json', 'scripts', 'sidestep']);
  copy[Symbol.dispose]();
  rmSync(scratch, { recursive: true });
});

describe('wrong usage ends with 2 and says what would be right', () => {
  test.each([
    ['an unknown verb', ['fly'], "There is no verb 'fly'."],
    ['an unknown option', ['up', '--fast'], "up does not know '--fast'."],
    ['an unknown option with a value', ['up', '--fast=1'], "up does not know '--fast'."],
    ['an argument', ['down', 'now'], "down does not know 'now'."],
    ['an option without its value', ['up', '--listen'], '--listen needs a value.'],
    ['an option with an empty value', ['test', '--state-dir='], '--state-dir needs a value.'],
    ['detaching anything but up', ['dev', '--detach'], 'Only up can be detached.'],
    ['fuzzing anything but the tests', ['up', '--fuzz', '3'], 'Only test takes --fuzz.'],
    ['a number of inputs that is none', ['test', '--fuzz', '1e6'], '--fuzz takes a whole number'],
    ['a table of no number', ['up', '--max-connections=all'], '--max-connections takes a whole number'],
    ['torturing anything but in tests', ['up', '--torture', '2m'], 'Only test takes --torture.'],
    ['a time without its unit', ['test', '--torture', '120'], '--torture takes a time such as 90s, 2m or 1h'],
    ['a time that is none', ['test', '--torture=1e3s'], '--torture takes a time such as 90s, 2m or 1h'],
    ['no time at all', ['test', '--torture', '0s'], '--torture takes a time such as 90s, 2m or 1h'],
    ['tests without Sidestep', ['test', '--plain'], '--plain goes with --torture.'],
    ['two special runs', ['test', '--fuzz=3', '--torture=2m'], '--fuzz and --torture do not go together.'],
    ['other kernels for anything but tests', ['up', '--kernels'], 'Only test takes --kernels.'],
    [
      'other kernels and torture',
      ['test', '--kernels', '--torture=2m'],
      '--torture and --kernels do not go together.',
    ],
    ['loading anything but in tests', ['up', '--load'], 'Only test takes --load.'],
    ['a soak of no time', ['test', '--soak', 'long'], '--soak takes a time such as 90s, 2m or 1h'],
    ['figures of no load run', ['test', '--out', 'x'], '--out goes with --load.'],
    ['a load run and a soak', ['test', '--load', '--soak=2m'], '--soak and --load do not go together.'],
    ['a seed that is no number', ['test', '--seed=x'], '--seed takes a whole number'],
    ['an address without a port', ['up', '--listen', 'localhost'], '--listen takes an address and a port'],
    [
      'a port that is no number',
      ['up', '--listen', '127.0.0.1:http'],
      '--listen takes an address and a port',
    ],
    ['a port above all ports', ['up', '--listen', '127.0.0.1:65536'], '--listen takes an address and a port'],
    ['any port', ['up', '--listen', '127.0.0.1:0'], '--listen takes an address and a port'],
    [
      'an address in brackets without a port',
      ['up', '--listen', '[::1]'],
      '--listen takes an address and a port',
    ],
    ['half of TLS', ['up', '--tls-cert', '/etc/hosts'], '--tls-cert and --tls-key go together.'],
    [
      'an open address without TLS',
      ['up', '--listen=0.0.0.0:7070'],
      '--listen 0.0.0.0:7070 can be reached from other hosts: add --tls-cert',
    ],
  ])('%s', async (_, args, words) => {
    const { code, out, err } = await copy.sidestep(...args);
    expect(err).toContain(`sidestep: ${words}`);
    expect(err).toContain('See ./sidestep help.');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  test('nothing at all', async () => {
    const { code, err } = await copy.sidestep();
    expect(code).toBe(2);
    expect(err).toContain('sudo ./sidestep up');
  });
});

describe('what cannot be done ends with 1 and one sentence with its remedy', () => {
  async function refused(answer: Promise<{ code: number; out: string; err: string }>, words: RegExp) {
    const { code, out, err } = await answer;
    expect(err).toMatch(words);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect({ code, out }).toEqual({ code: 1, out: '' });
  }

  test.each(['up', 'down', 'test', 'dev', 'bench'])('%s without root', async (verb) => {
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const answer = run('setpriv', ...nobody, join(copy.folder, 'sidestep'), verb);
    await refused(answer, new RegExp(`takes root; run sudo \\./sidestep ${verb}\\.`));
  });

  test('a root that is confined', async () => {
    const answer = run(
      'setpriv',
      '--bounding-set=-sys_admin',
      '--inh-caps=-all',
      join(copy.folder, 'sidestep'),
      'up',
    );
    await refused(answer, /confined .* run Sidestep on the host itself/);
  });

  test.each([
    ['another distribution', 'PRETTY_NAME="Fedora Linux 40"\nID=fedora\nVERSION_ID=40\n', 'Fedora Linux 40'],
    [
      'another Debian',
      'PRETTY_NAME="Debian GNU/Linux 11"\nID=debian\nVERSION_ID="11"\n',
      'Debian GNU/Linux 11',
    ],
    ['a system that does not say', '', 'an unknown distribution'],
  ])('%s', async (_, release, name) => {
    const fake = join(scratch, 'os-release');
    writeFileSync(fake, release);
    await refused(
      copy.sidestepOn(`mount --bind ${fake} /etc/os-release`, 'up'),
      new RegExp(`this is ${name}; run it on Debian 12\\.`),
    );
  });

  test.each([
    ['eBPF', 'bpf', /no eBPF; start Debian's own kernel/],
    ['tracepoints', 'tracefs', /no tracepoints; start Debian's own kernel/],
    ['cgroup v2', 'cgroup2', /no cgroup v2; start Debian's own kernel/],
  ])('a kernel without %s', async (_, type, words) => {
    const fake = join(scratch, 'filesystems');
    const known = readFileSync('/proc/filesystems', 'utf8').split('\n');
    writeFileSync(fake, known.filter((line) => line !== `nodev\t${type}`).join('\n'));
    await refused(copy.sidestepOn(`mount --bind ${fake} /proc/filesystems`, 'up'), words);
  });

  test('a kernel without BTF', async () => {
    await refused(
      copy.sidestepOn('mount -t tmpfs none /sys/kernel/btf', 'up'),
      /no \/sys\/kernel\/btf\/vmlinux\); start Debian's own kernel/,
    );
  });

  test('a cgroup that is none of version 2', async () => {
    await refused(
      copy.sidestep('up', '--cgroup', scratch),
      /must be a folder of the cgroup v2 tree, and .* is none/,
    );
  });

  test('a certificate that is not there', async () => {
    const files = ['--tls-cert', '/nowhere/cert', '--tls-key', '/nowhere/key'];
    await refused(
      copy.sidestep('up', '--listen', '0.0.0.0:7070', ...files),
      /no file \/nowhere\/cert; check --tls-cert/,
    );
  });

  test('a disk without room', async () => {
    const small = `cp -a ${copy.folder} ${scratch}/copy && mount -t tmpfs -o size=20m none ${copy.folder}`;
    await refused(
      copy.sidestepOn(`${small} && cp -a ${scratch}/copy/. ${copy.folder}`, 'up'),
      /takes \d+ MiB in .* and \d+ are free; make room/,
    );
  });

  test.each(['status', 'enable', 'disable', 'connections', 'events', 'trace', 'settings', 'sign-in-link'])(
    '%s before set-up',
    async (verb) => {
      await refused(copy.sidestep(verb), /not set up yet; run sudo \.\/sidestep up first/);
    },
  );
});

test('help and version need nothing', async () => {
  expect(await copy.sidestep('help')).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('--state-dir'),
  });
  expect(await copy.sidestep('up', '--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('--detach'),
  });
  const { version } = JSON.parse(readFileSync(join(copy.folder, 'package.json'), 'utf8'));
  expect(await copy.sidestep('--version')).toEqual({ code: 0, err: '', out: `${version}\n` });
});
