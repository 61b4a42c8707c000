import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingCapabilities } from '../../src/host/capabilities.ts';
import { checkCgroup, checkListen, checkPinDir } from '../../src/host/checks.ts';
import { findCgroupRoot } from '../../src/host/filesystems.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = findCgroupRoot() ?? '';

describe('the cgroup', () => {
  test('is the root of the v2 tree unless another is chosen', () => {
    expect(checkCgroup(null)).toBe(root);
    const own = mkdtempSync(join(root, 'sidestep-test-'));
    try {
      expect(checkCgroup(own)).toBe(own);
    } finally {
      rmdirSync(own);
    }
  });

  test('must be one', () => {
    using folder = temporaryFolder();
    expect(() => checkCgroup(join(root, 'no-such-group'))).toThrow(
      `There is no cgroup ${root}/no-such-group.`,
    );
    expect(() => checkCgroup(folder.path)).toThrow('is not a cgroup');
    expect(() => checkCgroup('/proc')).toThrow('is not a cgroup');
    expect(() => checkCgroup(join(root, 'cgroup.controllers'))).toThrow('is a file in a cgroup');
  });

  test.each([
    [
      'on a pure v2 host',
      '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate',
      '/sys/fs/cgroup',
    ],
    [
      'on a hybrid host',
      '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      '/sys/fs/cgroup/unified',
    ],
    ['with a space in its path', '30 23 0:26 / /mnt/my\\040cgroup rw - cgroup2 none rw', '/mnt/my cgroup'],
    [
      'where only a part of it is mounted',
      '30 23 0:26 /user.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw',
      null,
    ],
    ['on a v1 host', '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu', null],
  ])('is found %s', (_words, mountinfo, expected) => {
    expect(findCgroupRoot(mountinfo)).toBe(expected);
  });
});

test('pins need a bpf file system, below which folders may still be missing', () => {
  expect(() => checkPinDir('/sys/fs/bpf/sidestep-test-missing/deep')).not.toThrow();
  expect(() => checkPinDir('/tmp/sidestep-pins')).toThrow('mount -t bpf');
});

test('pins of others stand where the bpf file system begins, so ours do not', () => {
  expect(() => checkPinDir('/sys/fs/bpf')).toThrow('/sys/fs/bpf/sidestep');
});

test('capabilities that are missing are named', () => {
  expect(missingCapabilities('Name:\tnode\nCapEff:\t000001ffffffffff\n')).toEqual([]);
  expect(missingCapabilities('CapEff:\t00000000a80425fb\n')).toEqual([
    'CAP_NET_ADMIN',
    'CAP_SYS_PTRACE',
    'CAP_SYS_ADMIN',
    'CAP_PERFMON',
    'CAP_BPF',
  ]);
  expect(missingCapabilities('CapEff:\t0000017fffffffff\n')).toEqual(['CAP_BPF']);
});

test('other hosts are let in with TLS only', () => {
  expect(() => checkListen({ host: '127.0.0.1', port: 1 }, false)).not.toThrow();
  expect(() => checkListen({ host: '::', port: 1 }, false)).toThrow('[::]:1 can be reached from other hosts');
  expect(() => checkListen({ host: '0.0.0.0', port: 1 }, true)).not.toThrow();
});
