import { setImmediate as settled } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { SplicingProcess, UnexaminedProgram } from '../../src/dataplane/dataplane.ts';
import type { Examined } from '../../src/splicers/executables.ts';
import { SplicerStore } from '../../src/splicers/store.ts';
import { memoryDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { FakeDataPlane } from '../support/fake-data-plane.ts';

const PATH = '/usr/sbin/haproxy';
const PROXY = { device: 8n, inode: 42n, version: 5n };
const LEARNED = { program: PATH, why: 'splices', remembered: true, learnedAt: '2026-01-02T03:04:05.000Z' };
const COULD = { ...LEARNED, why: 'could splice' };
const UNREADABLE = { ...LEARNED, why: 'unreadable', remembered: false };
const KEPT_OUT = { ...PROXY, finding: 'could splice' };
const NOT_READ = { ...PROXY, finding: 'unreadable' };
const LET_IN = { ...PROXY, finding: 'harmless' };
const config = { allowBlockingReaders: false, queueCap: 65_536, keepOnStack: [], printk: false };

/** A host on which process 7 executes haproxy, and no other process is there; and a store of what was learned on it. */
async function host({
  facts = new Facts(memoryDatabase()),
  boot = 'first',
  found = {} as Partial<Examined>,
  readable = true,
} = {}) {
  const dataPlane = new FakeDataPlane();
  const file = { readable };
  const answer = { path: PATH, couldSplice: true, here: true, ...found };
  const executables = {
    boot,
    examine: async ({ pid }: UnexaminedProgram) => {
      if (!file.readable) throw new Error('EACCES');
      return pid === 7 ? answer : null;
    },
    placeOf: (pid: number) => (pid === 7 ? { path: PATH, here: answer.here } : null),
  };
  const log: string[] = [];
  const clock = { steady: 0 };
  const now = () => Date.parse(LEARNED.learnedAt);
  const steady = () => clock.steady;
  const store = new SplicerStore({
    ...{ dataPlane, facts, executables, now, steady },
    log: (line) => log.push(line),
  });
  await dataPlane.enable(config, () => {});
  store.restore();
  const { kernel } = dataPlane;
  /** Its answers so far. */
  const examine = async (program: Partial<UnexaminedProgram> = {}) => {
    kernel.unexamined.push({ ...PROXY, pid: 7, ...program });
    store.examine();
    await settled();
    return kernel.examined.splice(0);
  };
  const learn = async (process: Partial<SplicingProcess> = {}) => {
    kernel.splicers.push({ ...PROXY, pid: 7, comm: 'haproxy', ...process });
    store.turn();
    store.examine();
    await settled();
  };
  /** What the last look that failed has left to be said. */
  const hear = () => expect(() => store.examine()).toThrow('executes cannot be read');
  const inKernel = () => kernel.splicers.map(({ device, inode, version }) => ({ device, inode, version }));
  return { facts, dataPlane, store, log, learn, examine, hear, inKernel, file, clock };
}

test('a program that was seen to splice is remembered by its path, and told to the kernel again', async () => {
  const { facts, store, learn, log } = await host();
  expect(await store.list()).toEqual([]);
  await learn();
  store.turn();
  expect(await store.list()).toEqual([LEARNED]);
  expect(log).toHaveLength(1);

  const next = await host({ facts });
  expect(next.inKernel()).toEqual([PROXY]);
  expect(await next.store.list()).toEqual([LEARNED]);
});

test('a program that the kernel has forgotten is told to it again', async () => {
  const { store, learn, dataPlane, inKernel } = await host();
  await learn();
  dataPlane.kernel.splicers.length = 0;
  store.turn();
  expect(inKernel()).toEqual([PROXY]);
  expect(await store.list()).toEqual([LEARNED]);
});

test('the probe of the check-up, which splices to see what happens, is nobody’s program', async () => {
  const { store, learn, log } = await host();
  await learn({ comm: 'sidestep-probe' });
  await learn({ inode: 43n, pid: 8, comm: 'sidestep-probe' });
  expect(await store.list()).toEqual([]);
  expect(log).toEqual([]);
});

test('after the host has booted the path is what counts', async () => {
  const { facts, learn } = await host();
  await learn();
  const next = await host({ facts, boot: 'second', found: { couldSplice: false } });
  expect(next.inKernel()).toEqual([]);
  const file = { device: 9n, inode: 43n, version: 6n };
  expect(await next.examine(file)).toEqual([{ ...file, finding: 'could splice' }]);
  expect(next.inKernel()).toEqual([file]);
  expect(await next.store.list()).toEqual([LEARNED]);
});

test('a program that is released is forgotten by the kernel and by the state folder, until it splices again', async () => {
  const { facts, store, learn, inKernel } = await host();
  await learn();
  await learn({ inode: 99n });
  expect(await store.list()).toEqual([LEARNED]);
  expect(await store.release(PATH)).toEqual([]);
  expect(inKernel()).toEqual([]);
  expect((await host({ facts })).inKernel()).toEqual([]);
  await learn();
  expect(await store.list()).toEqual([LEARNED]);
});

test('where the path cannot be read the name is shown, and can be released', async () => {
  const { facts, dataPlane, store, learn, inKernel } = await host();
  await learn({ pid: 8, comm: 'gone' });
  const nameless = { program: 'gone', why: 'splices', remembered: false, learnedAt: LEARNED.learnedAt };
  expect(await store.list()).toEqual([nameless]);
  expect((await host({ facts })).inKernel()).toEqual([]);
  expect(await store.release('gone')).toEqual([]);
  expect(inKernel()).toEqual([]);

  await learn({ pid: 8, comm: 'gone' });
  expect(await store.list()).toEqual([nameless]);
  dataPlane.drain();
  dataPlane.remove();
  expect(await store.list()).toEqual([]);
});

test('a program is looked for once in each of its processes, and remembered when its path becomes known', async () => {
  const { dataPlane, store, learn } = await host();
  const { kernel } = dataPlane;
  await learn({ pid: 8 });
  expect(kernel.examined).toHaveLength(1);
  store.examine();
  store.turn();
  store.examine();
  await settled();
  expect(kernel.examined).toHaveLength(1);
  expect(await store.list()).toMatchObject([{ program: 'haproxy', remembered: false }]);
  kernel.splicers = [];
  await learn();
  expect(await store.list()).toEqual([LEARNED]);
});

test('a program can be released while acceleration is off', async () => {
  const { dataPlane, store, learn } = await host();
  await learn();
  dataPlane.drain();
  dataPlane.remove();
  expect(await store.list()).toEqual([LEARNED]);
  expect(await store.release(PATH)).toEqual([]);
});

test('a program that could splice is kept before its connections join, until it is released, and then until it does', async () => {
  const { facts, store, learn, examine, inKernel, log } = await host();
  expect(await examine()).toEqual([KEPT_OUT]);
  expect(await store.list()).toEqual([COULD]);
  expect(inKernel()).toEqual([PROXY]);
  expect(log).toEqual([expect.stringMatching(/haproxy could splice/)]);

  expect(await store.release(PATH)).toEqual([]);
  const next = await host({ facts });
  expect(await next.examine()).toEqual([LET_IN]);
  expect(next.inKernel()).toEqual([]);
  await learn();
  expect(await store.list()).toEqual([LEARNED]);
  const later = await host({ facts, boot: 'second' });
  await later.examine();
  expect(later.inKernel()).toEqual([PROXY]);
});

test('what is released on the host is not released in containers, and the other way round', async () => {
  const { facts, store, examine } = await host();
  await examine();
  await store.release(PATH);
  const contained = await host({ facts, found: { here: false } });
  await contained.examine();
  expect(await contained.store.list()).toEqual([COULD]);
  // Learned there, it revokes nothing here.
  await contained.learn();
  const again = await host({ facts });
  await again.examine({ inode: 43n });
  expect(again.inKernel()).toEqual([PROXY]);
});

test('one that could splice and then does is said to', async () => {
  const { store, dataPlane, examine } = await host();
  await examine();
  dataPlane.kernel.splicers = [{ ...PROXY, pid: 9, comm: '' }];
  expect(await store.list()).toEqual([LEARNED]);
});

test('a new version of a program that splices is known by its path, where that leads to it on the host', async () => {
  const { facts, learn } = await host();
  await learn();
  const contained = await host({ facts, found: { couldSplice: false, here: false } });
  await contained.examine({ inode: 44n });
  expect(contained.inKernel()).toEqual([PROXY]);
  const newer = { ...PROXY, inode: 43n };
  const { examine, inKernel, store } = await host({ facts, found: { couldSplice: false } });
  await examine(newer);
  expect(inKernel()).toEqual([PROXY, newer]);
  expect(await store.list()).toEqual([LEARNED]);
});

test.for([
  ['one file that is written again and again', (turn: number) => ({ inode: 1n, version: BigInt(turn) })],
  ['a program that is built again and again', (turn: number) => ({ inode: BigInt(turn) })],
] as const)('%s does not crowd out the others', async ([, file]) => {
  const { facts, learn } = await host();
  await learn();
  const { examine } = await host({ facts, found: { path: '/tmp/mine' } });
  for (let turn = 0; turn < 1100; turn++) await examine(file(turn));
  const { store } = await host({ facts });
  expect((await store.list()).map(({ program }) => program).sort()).toEqual(['/tmp/mine', PATH]);
});

test('programs in containers that could splice crowd out none that do', async () => {
  const { facts, learn } = await host();
  await learn();
  const { examine } = await host({ facts, found: { here: false, path: '/app' } });
  for (let turn = 0; turn < 1100; turn++) await examine({ device: BigInt(turn) });
  const { store } = await host({ facts });
  expect((await store.list()).map(({ program }) => program).sort()).toEqual(['/app', PATH]);
});

test('a program that could not splice is let in, and so is one that is gone until another process of it comes', async () => {
  const { store, examine, inKernel } = await host({ found: { couldSplice: false } });
  expect(await examine()).toEqual([LET_IN]);
  expect(await examine({ pid: 8 })).toEqual([{ ...PROXY, finding: 'out of reach' }]);
  expect(inKernel()).toEqual([]);
  expect(await store.list()).toEqual([]);
});

test('the kernel is told what cannot be read, but not of a program that is known to splice', async () => {
  const { examine, hear, learn, dataPlane } = await host({ readable: false });
  expect(await examine()).toEqual([NOT_READ]);
  hear();
  await learn({ inode: 43n });
  expect(dataPlane.kernel.examined).toEqual([]);
});

test('a program that cannot be read is listed, and let in unread once it is released, until it splices', async () => {
  const contained = { readable: false, found: { here: false } };
  const { facts, store, examine, hear } = await host(contained);
  await examine();
  hear();
  expect(await store.list()).toEqual([UNREADABLE]);
  expect(await store.release(PATH)).toEqual([]);
  expect(await examine({ inode: 43n })).toContainEqual({ ...LET_IN, inode: 43n });
  expect(await store.list()).toEqual([]);

  const onHost = await host({ facts, readable: false });
  expect(await onHost.examine(), 'another program').toEqual([NOT_READ]);
  const next = await host({ facts, ...contained });
  expect(await next.examine()).toEqual([LET_IN]);
  next.hear();
  await next.learn({ inode: 44n });
  expect(await next.store.list()).toMatchObject([{ program: 'haproxy', why: 'splices' }]);
  const last = await host({ facts, ...contained });
  expect(await last.examine(), 'it has spliced').toEqual([NOT_READ]);
});

test('a program that could not be read and then can is judged by what it is', async () => {
  const { store, examine, hear, file } = await host({ readable: false });
  await examine();
  hear();
  file.readable = true;
  expect(await examine({ version: 6n })).toContainEqual({ ...KEPT_OUT, version: 6n });
  expect(await store.list()).toEqual([COULD]);
});

test('a program that cannot be read is listed no longer when nobody waits for it any more, and not while acceleration is off', async () => {
  const { store, examine, hear, clock, dataPlane } = await host({ readable: false });
  await examine();
  hear();
  clock.steady += 2 * 60_000;
  expect(await store.list()).toEqual([UNREADABLE]);
  clock.steady += 2 * 60_000;
  expect(await store.list()).toEqual([]);
  await examine({ inode: 43n });
  expect(await store.list()).toHaveLength(1);
  dataPlane.drain();
  dataPlane.remove();
  expect(await store.list()).toEqual([]);
});

test.for([{ here: true }, { here: false }])(
  'what an earlier version has kept is found by the file that it was: %o',
  async (found) => {
    const facts = new Facts(memoryDatabase());
    const { learnedAt } = LEARNED;
    facts.set('splicers', [{ path: PATH, device: '8', inode: '42', boot: 'first', learnedAt }]);
    const { store, examine, inKernel } = await host({ facts, found: { ...found, couldSplice: false } });
    expect(await store.list()).toEqual([LEARNED]);
    await examine();
    expect(inKernel()).toEqual([PROXY]);
    expect(await store.list()).toEqual([LEARNED]);
  },
);

test('what is not listed cannot be released', async () => {
  const { store } = await host();
  await expect(store.release('/bin/true')).rejects.toThrow(/“\/bin\/true”.*whole path/);
});
