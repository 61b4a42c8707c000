import { expect, test } from 'vitest';
import type { Executable, SplicingProcess } from '../../src/dataplane/dataplane.ts';
import type { Executables } from '../../src/splicers/executables.ts';
import { hostExecutables } from '../../src/splicers/executables.ts';
import { SplicerStore } from '../../src/splicers/store.ts';
import { memoryDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { FakeDataPlane } from '../support/fake-data-plane.ts';

const PROXY = { device: 8n, inode: 42n };
const LEARNED = { program: '/usr/sbin/haproxy', remembered: true, learnedAt: '2026-01-02T03:04:05.000Z' };
const config = { allowBlockingReaders: false, queueCap: 65_536, keepOnStack: [], printk: false };

/** A host on which haproxy (pid 7) is file 42, and a store of what was learned on it. */
async function host({
  facts = new Facts(memoryDatabase()),
  boot = 'first',
  file = PROXY as Executable,
} = {}) {
  const dataPlane = new FakeDataPlane();
  const executables: Executables = {
    boot,
    pathOf: (pid) => (pid === 7 ? '/usr/sbin/haproxy' : null),
    at: (path) => (path === '/usr/sbin/haproxy' ? file : null),
  };
  const log: string[] = [];
  const now = () => Date.parse('2026-01-02T03:04:05Z');
  const store = new SplicerStore({ dataPlane, facts, executables, now, log: (line) => log.push(line) });
  await dataPlane.enable(config, () => {});
  store.restore();
  const { kernel } = dataPlane;
  const splice = (process: Partial<SplicingProcess> = {}) =>
    kernel.splicers.push({ ...PROXY, pid: 7, comm: 'haproxy', ...process });
  const inKernel = () => kernel.splicers.map(({ device, inode }) => ({ device, inode }));
  return { facts, dataPlane, store, log, splice, inKernel };
}

test('a program that was seen to splice is remembered by its path, and told to the kernel again', async () => {
  const { facts, store, splice, log } = await host();
  expect(await store.list()).toEqual([]);
  splice();
  store.turn();
  store.turn();
  expect(await store.list()).toEqual([LEARNED]);
  expect(log).toHaveLength(1);

  const next = await host({ facts });
  expect(next.inKernel()).toEqual([PROXY]);
  expect(await next.store.list()).toEqual([LEARNED]);
});

test('a program that the kernel has forgotten is told to it again', async () => {
  const { store, splice, dataPlane, inKernel } = await host();
  splice();
  store.turn();
  dataPlane.kernel.splicers.length = 0;
  store.turn();
  expect(inKernel()).toEqual([PROXY]);
  expect(await store.list()).toEqual([LEARNED]);
});

test('the probe of the check-up, which splices to see what happens, is nobody’s program', async () => {
  const { store, splice, log } = await host();
  splice({ comm: 'sidestep-probe' });
  splice({ inode: 43n, pid: 8, comm: 'sidestep-probe' });
  expect(await store.list()).toEqual([]);
  expect(log).toEqual([]);
});

test('after the host has booted the path is what counts', async () => {
  const { facts, store, splice } = await host();
  splice();
  store.turn();
  const next = await host({ facts, boot: 'second', file: { device: 9n, inode: 43n } });
  expect(next.inKernel()).toEqual([{ device: 9n, inode: 43n }]);
  expect(await next.store.list()).toEqual([LEARNED]);
});

test('a program that is released is forgotten by the kernel and by the state folder, until it splices again', async () => {
  const { facts, store, splice, inKernel } = await host();
  splice();
  splice({ inode: 99n });
  expect(await store.list()).toEqual([LEARNED]);
  expect(await store.release('/usr/sbin/haproxy')).toEqual([]);
  expect(inKernel()).toEqual([]);
  expect((await host({ facts })).inKernel()).toEqual([]);
  splice();
  expect(await store.list()).toEqual([LEARNED]);
});

test('where the path cannot be read the name is shown, and can be released', async () => {
  const { facts, dataPlane, store, splice, inKernel } = await host();
  splice({ pid: 8, comm: 'gone' });
  const nameless = { program: 'gone', remembered: false, learnedAt: LEARNED.learnedAt };
  expect(await store.list()).toEqual([nameless]);
  expect((await host({ facts })).inKernel()).toEqual([]);
  expect(await store.release('gone')).toEqual([]);
  expect(inKernel()).toEqual([]);

  splice({ pid: 8, comm: 'gone' });
  expect(await store.list()).toEqual([nameless]);
  dataPlane.drain();
  dataPlane.remove();
  expect(await store.list()).toEqual([]);
});

test('a program whose path becomes known is remembered from then on', async () => {
  const { dataPlane, store, splice } = await host();
  splice({ pid: 8 });
  expect(await store.list()).toMatchObject([{ program: 'haproxy', remembered: false }]);
  dataPlane.kernel.splicers = [];
  splice();
  expect(await store.list()).toEqual([LEARNED]);
});

test('a program can be released while acceleration is off', async () => {
  const { dataPlane, store, splice } = await host();
  splice();
  store.turn();
  dataPlane.drain();
  dataPlane.remove();
  expect(await store.list()).toEqual([LEARNED]);
  expect(await store.release('/usr/sbin/haproxy')).toEqual([]);
});

test('what is not listed cannot be released', async () => {
  const { store } = await host();
  await expect(store.release('/bin/true')).rejects.toThrow(/“\/bin\/true”.*whole path/);
});

test('this process is found by its path and its file, as the kernel names it', () => {
  const executables = hostExecutables();
  const file = executables.at(process.execPath);
  expect(file && executables.pathOf(process.pid, file)).toBe(process.execPath);
  expect(executables.pathOf(process.pid, { device: 0n, inode: 1n })).toBeNull();
  expect(executables.at('/nowhere')).toBeNull();
});
