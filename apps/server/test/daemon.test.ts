import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../src/state/database.ts';
import { Facts } from '../src/state/facts.ts';
import { dial, headersOf, openPage, type SignedIn, signIn } from './support/browser.ts';
import { connection } from './support/connection.ts';
import { startTestDaemon } from './support/daemon.ts';
import { FakeDataPlane, FakeKernel, kernelSays } from './support/fake-data-plane.ts';
import { temporaryFolder } from './support/folder.ts';
import { until } from './support/until.ts';

/** As a daemon does that has met it since this host has started. */
function rememberSplicer(stateDir: string): void {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const database = openDatabase(join(stateDir, 'sidestep.db'), () => {}, Date.now);
  const learnedAt = new Date().toISOString();
  new Facts(database).set('splicers', [
    { path: '/usr/sbin/haproxy', device: '8', inode: '42', version: '5', boot, learnedAt },
  ]);
  database.close();
}

describe('the switch', () => {
  test('the whole loop: enable, watch, disable', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    const states: string[] = [];
    const watching = page.trpc.acceleration.watch.subscribe(undefined, {
      onData: ({ state }) => states.push(state),
    });
    await until(() => states.length === 1);
    expect(await page.trpc.acceleration.enable.mutate()).toMatchObject({ state: 'on', failure: null });
    await until(() => states.at(-1) === 'on');
    site.dataPlane.kernel.draining = [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0];
    expect(await page.trpc.acceleration.disable.mutate()).toMatchObject({ state: 'off', remaining: null });
    await until(() => states.at(-1) === 'off');
    watching.unsubscribe();
    expect(states).toContain('draining');
    const { events } = await page.trpc.events.list.query({});
    expect(events.map(({ kind }) => kind)).toEqual(['enabled', 'disabled']);
    const { marks } = await page.trpc.statistics.history.query({ range: '5m' });
    expect(marks.map(({ word }) => word)).toEqual(['daemon started', 'enabled', 'disabled']);
  });

  test('what the kernel says reaches the page: message, remedy and log, but no stack', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    const failure = {
      message: 'The verifier refused the programs.',
      remedy: 'Use a newer kernel.',
      log: 'R1 invalid mem access',
    };
    site.dataPlane.failing.enable = kernelSays(failure.message, failure.log);
    const error = await page.trpc.acceleration.enable.mutate().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: failure.message, data: { failure } });
    expect(JSON.stringify(error)).not.toMatch(/\.ts:\d+/);
    expect(await page.trpc.acceleration.status.query()).toMatchObject({
      state: 'failed',
      reason: failure.message,
      failure,
    });
  });

  test('settings and trace reach the data plane while it runs, and it starts with them', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    const { kernel } = site.dataPlane;
    await page.trpc.settings.update.mutate({ allowBlockingReaders: true });
    await page.trpc.acceleration.enable.mutate();
    expect(kernel.config).toEqual({
      allowBlockingReaders: true,
      queueCap: 16_777_216,
      keepOnStack: [],
      printk: false,
    });
    await page.trpc.settings.update.mutate({ queueCap: 65_536 });
    await page.trpc.trace.switch.mutate({ on: true });
    expect(kernel.config).toEqual({
      allowBlockingReaders: true,
      queueCap: 65_536,
      keepOnStack: [],
      printk: true,
    });
    await page.trpc.trace.switch.mutate({ on: false });
    expect(kernel.config?.printk).toBe(false);
  });

  test('totals stand still when it is off, and start afresh when it is on again', async () => {
    await using site = await startTestDaemon();
    await using page = await openPage(site);
    await page.trpc.acceleration.enable.mutate();
    site.dataPlane.kernel.totals = {
      bytes: { bypass: 640, stack: 1 },
      messages: { bypass: 10, stack: 1 },
      events: { sent: 4, lost: 1 },
      untracked: 0,
      leftOut: 5,
    };
    const totals = {
      bytes: { bypass: 640, stack: 1 },
      messages: { bypass: 10, stack: 1 },
      events: { received: 3, lost: 1 },
      leftOut: 5,
    };
    expect(await page.trpc.acceleration.disable.mutate()).toMatchObject(totals);
    expect(await page.trpc.acceleration.enable.mutate()).toMatchObject({
      bytes: { bypass: 0, stack: 0 },
      events: { received: 0, lost: 0 },
      leftOut: 0,
    });
  });
});

describe('a daemon that comes back', () => {
  const paired = () => ({
    kind: 'paired' as const,
    at: Date.now() * 1000,
    connection: connection(),
    listener: null,
    reason: null,
  });

  test('takes over: acceleration goes on, numbers go on, a page that resumes misses nothing', async () => {
    using folder = temporaryFolder();
    const change = { stateDir: join(folder.path, 'state') };
    const kernel = new FakeKernel();
    let last = 0;
    let since = '';
    {
      await using site = await startTestDaemon({ dataPlane: new FakeDataPlane(kernel), change });
      await using page = await openPage(site);
      since = (await page.trpc.acceleration.enable.mutate()).since;
      kernel.emit(paired(), paired());
      await until(async () => (await page.trpc.events.list.query({})).events.length === 3);
      last = 2;
    }
    expect(kernel.pinned).toBe(true);
    kernel.emit(paired());

    await using site = await startTestDaemon({ dataPlane: new FakeDataPlane(kernel), change });
    await using page = await openPage(site);
    expect(await page.trpc.acceleration.status.query()).toMatchObject({ state: 'on', since });
    const batches: { missed: number; events: { seq: number; kind: string }[] }[] = [];
    const reading = page.trpc.events.follow.subscribe(
      { lastEventId: String(last) },
      { onData: ({ data }) => batches.push(data) },
    );
    await until(() => batches.some(({ events }) => events.length > 0));
    reading.unsubscribe();
    expect(batches.reduce((sum, { missed }) => sum + missed, 0)).toBe(1);
    expect(batches.flatMap(({ events }) => events)).toMatchObject([{ seq: 4, kind: 'paired' }]);
  });

  test('goes on where it was, too, when it could take over only after somebody switched', async () => {
    using folder = temporaryFolder();
    const change = { stateDir: join(folder.path, 'state') };
    const kernel = new FakeKernel();
    {
      await using site = await startTestDaemon({ dataPlane: new FakeDataPlane(kernel), change });
      await using page = await openPage(site);
      await page.trpc.acceleration.enable.mutate();
    }
    kernel.emit(paired());
    const dataPlane = new FakeDataPlane(kernel);
    dataPlane.failing.adopt = kernelSays('No memory.');
    await using site = await startTestDaemon({ dataPlane, change });
    await using page = await openPage(site);
    expect(await page.trpc.acceleration.status.query()).toMatchObject({
      state: 'failed',
      reason: 'No memory.',
    });
    expect(await page.trpc.acceleration.enable.mutate()).toMatchObject({ state: 'on', failure: null });
    expect(site.log).toContain('Took over what an earlier daemon left in the kernel.');
    const events = async () => (await page.trpc.events.list.query({})).events;
    await until(async () => (await events()).length > 0);
    expect(await events()).toMatchObject([{ seq: 2, kind: 'paired' }]);
  });

  test('keeps browsers signed in', async () => {
    using folder = temporaryFolder();
    const change = { stateDir: join(folder.path, 'state'), listen: { host: '127.0.0.1', port: 0 } };
    let signedIn: SignedIn = { cookie: '', key: '' };
    {
      await using site = await startTestDaemon({ change });
      signedIn = await signIn(site);
      change.listen = { host: '127.0.0.1', port: site.port };
    }
    await using site = await startTestDaemon({ change });
    const session = await (await fetch(`${site.url}/api/session`, { headers: headersOf(signedIn) })).json();
    expect(session).toMatchObject({ signedIn: true });
  });

  test('switches off what was switched off while it stopped', async () => {
    using folder = temporaryFolder();
    const change = { stateDir: join(folder.path, 'state') };
    const kernel = new FakeKernel();
    {
      await using site = await startTestDaemon({ dataPlane: new FakeDataPlane(kernel), change });
      await using page = await openPage(site);
      await page.trpc.acceleration.enable.mutate();
      kernel.draining = [1];
      const socket = dial(site.url, await signIn(site));
      await once(socket, 'open');
      socket.send(JSON.stringify({ id: 1, method: 'mutation', params: { path: 'acceleration.disable' } }));
      await until(() => kernel.killSwitch);
    }
    expect(kernel.pinned).toBe(true);
    kernel.draining = [0];
    rememberSplicer(change.stateDir);
    await using site = await startTestDaemon({ dataPlane: new FakeDataPlane(kernel), change });
    await until(() => !kernel.pinned);
    expect(site.log).toContain('Acceleration is off.');
  });

  test('says in its status that the database was damaged', async () => {
    using folder = temporaryFolder();
    const stateDir = join(folder.path, 'state');
    {
      await using _site = await startTestDaemon({ change: { stateDir } });
    }
    writeFileSync(join(stateDir, 'sidestep.db'), 'damaged '.repeat(1000));
    const kernel = new FakeKernel();
    kernel.pinned = true;
    await using site = await startTestDaemon({ change: { stateDir }, dataPlane: new FakeDataPlane(kernel) });
    await using page = await openPage(site);
    const status: Status = await page.trpc.acceleration.status.query();
    expect(status.reason).toMatch(/^The database was damaged: it is now .+\.corrupt-/);
    expect(status.state).toBe('on');
  });

  test('leaves the mode of a folder that was there as it is', async () => {
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o755);
    await using _site = await startTestDaemon({ change: { stateDir: folder.path } });
    expect(statSync(folder.path).mode & 0o777).toBe(0o755);
  });

  test('refuses a state folder whose path is too long for its socket, before it makes anything', async () => {
    using folder = temporaryFolder();
    const longest = join(folder.path, 'x'.repeat(107 - '/daemon.sock'.length - folder.path.length - 1));
    {
      await using _site = await startTestDaemon({ change: { stateDir: longest } });
    }
    const words = /is too long for the socket .* Choose a shorter one/;
    await expect(startTestDaemon({ change: { stateDir: `${longest}x` } })).rejects.toThrow(words);
    expect(existsSync(`${longest}x`)).toBe(false);
  });

  test.each<[string, (path: string) => void, string]>([
    ['that its group may write', (path) => chmodSync(path, 0o770), 'chmod go-w'],
    ['that everyone may write', (path) => chmodSync(path, 0o1777), 'chmod go-w'],
    ['of another user', (path) => chownSync(path, 65_534, 65_534), 'belongs to another user'],
    [
      'behind a link',
      (path) => {
        rmdirSync(path);
        symlinkSync(dirname(path), path);
      },
      'is not a folder',
    ],
  ])('refuses a state folder %s, and leaves it alone', async (_words, spoil, words) => {
    using folder = temporaryFolder();
    const stateDir = join(folder.path, 'state');
    mkdirSync(stateDir);
    spoil(stateDir);
    const { mode } = lstatSync(stateDir);
    await expect(startTestDaemon({ change: { stateDir } })).rejects.toThrow(words);
    expect(lstatSync(stateDir).mode).toBe(mode);
    expect(existsSync(join(stateDir, 'sidestep.db'))).toBe(false);
  });

  test('writes no file through a link', async () => {
    using folder = temporaryFolder();
    const stateDir = join(folder.path, 'state');
    mkdirSync(stateDir, { mode: 0o700 });
    const victim = join(folder.path, 'victim');
    writeFileSync(victim, 'precious');
    for (const name of ['daemon.pid', 'token']) symlinkSync(victim, join(stateDir, name));
    await using _site = await startTestDaemon({ change: { stateDir } });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readFileSync(join(stateDir, 'daemon.pid'), 'utf8')).toBe(`${process.pid}\n`);
  });
});

test('a clock that is set back shows nothing that is later than now, and rates and events go on', async () => {
  const clock = { set: 0 };
  await using site = await startTestDaemon({ now: () => Date.now() + clock.set });
  await using page = await openPage(site);
  await page.trpc.acceleration.enable.mutate();
  clock.set = -7_200_000;
  const { since } = await page.trpc.acceleration.status.query();
  expect(Date.parse(since)).toBeLessThanOrEqual(Date.now() + clock.set);
  await until(() => site.log.some((line) => line.includes('was set back by 7200 s')));
  const history = () => page.trpc.statistics.history.query({ range: '5m' });
  await until(async () => (await history()).points.length > 0);
  await page.trpc.acceleration.disable.mutate();
  const { events } = await page.trpc.events.list.query({});
  expect(events.map(({ seq, kind }) => [seq, kind])).toEqual([
    [1, 'enabled'],
    [2, 'disabled'],
  ]);
});

describe('stopping', () => {
  test('waits for none of the connections that are open, of whatever kind', async () => {
    const site = await startTestDaemon();
    await using page = await openPage(site);
    const socket = dial(site.url, await signIn(site));
    await once(socket, 'open');
    // One that never finishes its request, one that keeps its connection, one that does not read.
    const slow = createConnection(site.port, '127.0.0.1');
    slow.write('GET / HTTP/1.1\r\n');
    await fetch(`${site.url}/healthz`);
    socket.pause();
    const watching = page.trpc.acceleration.watch.subscribe(undefined, { onData: () => {} });
    await sleep(200);

    const start = performance.now();
    await site[Symbol.asyncDispose]();
    // A kept connection alone would last for 72 s, and ws waits half a minute for who does not answer its good-bye.
    expect(performance.now() - start).toBeLessThan(10_000);
    await expect(fetch(`${site.url}/healthz`)).rejects.toThrow();
    watching.unsubscribe();
    socket.terminate();
    slow.destroy();
  });

  test('leaves acceleration as it is', async () => {
    const dataPlane = new FakeDataPlane();
    {
      await using site = await startTestDaemon({ dataPlane });
      await using page = await openPage(site);
      await page.trpc.acceleration.enable.mutate();
    }
    expect(dataPlane.kernel).toMatchObject({ pinned: true, killSwitch: false });
  });
});

test('a kernel that keeps failing is logged once, and the daemon goes on', async () => {
  await using site = await startTestDaemon();
  await using page = await openPage(site);
  await page.trpc.acceleration.enable.mutate();
  const { readEvents } = site.dataPlane;
  site.dataPlane.readEvents = () => {
    throw new Error('ring is gone');
  };
  await until(() => site.log.some((line) => line.includes('ring is gone')));
  await sleep(300);
  expect(
    site.log.filter((line) => line === 'Could not take events from the kernel: ring is gone'),
  ).toHaveLength(1);
  expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
  site.dataPlane.readEvents = readEvents;
});
