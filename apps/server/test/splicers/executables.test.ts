import { copyFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Traffic, type TrafficOptions, type TrafficProgram, trafficPath } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { hostExecutables } from '../../src/splicers/executables.ts';
import { temporaryFolder } from '../support/folder.ts';
import { withoutDescriptors } from '../support/without-descriptors.ts';

/** The kernel's number of a device that has a small one, as those here do. */
const deviceOf = (path: string) => {
  const { dev } = statSync(path, { bigint: true });
  return ((dev >> 8n) << 20n) | (dev & 0xffn);
};
const programAt = (pid: number, path: string, device = deviceOf(path)) => ({
  device,
  inode: statSync(path, { bigint: true }).ino,
  version: 0n,
  pid,
});
const examine = (...program: Parameters<typeof programAt>) =>
  hostExecutables().examine(programAt(...program));

test('this process is found by its path', async () => {
  expect(await examine(process.pid, process.execPath)).toEqual({
    path: process.execPath,
    couldSplice: false,
    here: true,
  });
});

/** With options that make it outlast every look. */
test.for([
  ['splicer-linked', true, { turns: 1_000_000 }],
  ['exchange', false, { seconds: 600 }],
] as [TrafficProgram, boolean, TrafficOptions][])(
  'of %s it is said that it could splice: %s',
  async ([program, couldSplice, options]) => {
    await using traffic = new Traffic(program, options);
    const path = trafficPath(program);
    expect(await examine(traffic.pid, path)).toEqual({ path, couldSplice, here: true });
  },
);

test('of a process that executes another file, or has ended, nothing is said', async () => {
  expect(await examine(process.pid, '/etc')).toBeNull();
  expect(await examine(2 ** 22 + 1, '/etc')).toBeNull();
});

test('a thread of the kernel’s executes nothing', async () => {
  expect(await examine(2, '/etc')).toBeNull();
});

test('a file of the same number on another device is not taken for it', async () => {
  await expect(examine(process.pid, process.execPath, 1n)).rejects.toThrow('none of the devices');
});

test('a look that finds no descriptor left is refused, and can be repeated', async () => {
  const executables = hostExecutables();
  const program = programAt(process.pid, process.execPath);
  const found = { path: process.execPath, couldSplice: false, here: true };
  await expect(withoutDescriptors(() => executables.examine(program))).rejects.toThrow('EMFILE');
  expect(await executables.examine(program)).toEqual(found);
});

const FINDINGS = [
  {
    what: 'a harmless one once, as long as it has its name',
    found: { couldSplice: false, here: true },
    looks: 2,
  },
  { what: 'one that could splice each time', found: { couldSplice: true, here: true }, looks: 3 },
  { what: 'one of a container each time', found: { couldSplice: false, here: false }, looks: 3 },
];

test.for(FINDINGS)('of those that ask again it looks at $what', async ({ found, looks }) => {
  using folder = temporaryFolder();
  const [path, renamed] = [join(folder.path, 'program'), join(folder.path, 'renamed')];
  copyFileSync(trafficPath('exchange'), path);
  await using traffic = new Traffic('exchange', { seconds: 600 }, {}, path);
  await traffic.port();
  const program = { device: 1n, inode: 2n, version: 3n, pid: traffic.pid };
  let looked = 0;
  const { examine } = hostExecutables(async () => {
    looked++;
    return JSON.stringify({ path, ...found });
  });
  for (let times = 0; times < 2; times++) expect(await examine(program)).toEqual({ path, ...found });
  renameSync(path, renamed);
  await examine(program);
  expect(looked).toBe(looks);
});
