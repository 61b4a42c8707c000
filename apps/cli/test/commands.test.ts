import { chmodSync, chownSync } from 'node:fs';
import { connectionSchema, eventSchema, statusSchema } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { bypassing, connection, onStack } from '../../server/test/support/connection.ts';
import { startTestDaemon } from '../../server/test/support/daemon.ts';
import { kernelSays } from '../../server/test/support/fake-data-plane.ts';
import { until } from '../../server/test/support/until.ts';
import { sidestep, start, startUnder } from './support/sidestep.ts';

const open = connection({
  id: '7',
  openedAt: new Date(Date.now() - 20_000_000).toISOString(),
  clientToServer: bypassing(1200),
  serverToClient: bypassing(1200),
});
const stuck = connection({
  id: '8',
  openedAt: new Date(Date.now() - 10_000_000).toISOString(),
  clientToServer: onStack('blocking reader', 3),
  serverToClient: onStack('streaming', 3),
});

async function startDaemon() {
  const site = await startTestDaemon();
  const { stateDir } = site.options;
  const { kernel } = site.dataPlane;
  kernel.open = [open, stuck];
  const run = (...args: string[]) => sidestep(...args, '--state-dir', stateDir);
  const emit = (kind: 'paired' | 'closed') =>
    kernel.emit({ kind, at: Date.now() * 1000, connection: open, listener: null, reason: null });
  return { site, stateDir, kernel, run, emit, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

describe('disable', () => {
  const held = (id: string, unread: number) => ({
    id,
    ends: [
      { side: 'server' as const, address: '127.0.0.1', port: 80, pid: 7, comm: 'nginx', unread },
      { side: 'client' as const, address: '127.0.0.1', port: 40_000, pid: 0, comm: '', unread: 0 },
    ],
  });

  /** On, and with so many connections that never drain. */
  async function holding(count: number) {
    const daemon = await startDaemon();
    await daemon.run('enable');
    daemon.kernel.draining = [2 * count];
    daemon.kernel.held = Array.from({ length: count }, (_, index) => held(String(index + 1), index * 1000));
    return daemon;
  }

  test('--wait says what is left and why, ends with 3, and lets the daemon go on', async () => {
    await using daemon = await holding(12);
    const { status, out, err } = await daemon.run('disable', '--wait', '700ms');
    expect({ status, out }).toEqual({ status: 3, out: '' });
    expect(err).toContain('12 connections still keep acceleration on after 700 ms.');
    expect(err).toContain('#2  nginx (process 7) has not read 1 kB from 127.0.0.1 port 40000.');
    expect(err).toContain('#1  nginx (process 7) and 127.0.0.1 port 40000: a call is under way.');
    expect(err).toContain('and 2 more');
    expect(err).toContain('sudo ./sidestep disable --now');
    expect(JSON.parse((await daemon.run('status', '--json')).out)).toMatchObject({
      state: 'draining',
      held: { connections: 12 },
    });
    daemon.kernel.draining = [];
    expect(await daemon.run('disable', '--wait', '30s')).toMatchObject({ status: 0 });
  });

  test('--wait says so when all have left and it is not off yet', async () => {
    await using daemon = await holding(0);
    daemon.kernel.draining = [1];
    const { status, err } = await daemon.run('disable', '--wait', '700ms');
    expect(status).toBe(3);
    expect(err).toContain('not off yet after 700 ms, but all connections have left');
    daemon.kernel.draining = [];
    expect(await daemon.run('disable')).toMatchObject({ status: 0 });
  });

  test('--now ends although they never drain', async () => {
    await using daemon = await holding(1);
    const { status, out, err } = await daemon.run('disable', '--now');
    expect(status).toBe(0);
    expect(out).toMatch(/^Acceleration +off/);
    expect(err).toContain('1 connection still empties its queues.');
    expect(daemon.site.log.join('\n')).toContain('Connection 1 was reset');
  });

  test.each(['30', 's', '-1s', '1.5s', '', '9999999s'])('--wait "%s" is wrong usage', async (wait) => {
    expect(await sidestep('disable', '--wait', wait)).toMatchObject({
      status: 2,
      err: expect.stringContaining('It takes a time such as 30s, 500ms or 5m.'),
    });
  });
});

describe('--json', () => {
  test('status, enable and disable print the status', async () => {
    await using daemon = await startDaemon();
    const off = await daemon.run('status', '--json');
    expect(off).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(off.out)).toMatchObject({ state: 'off', reason: null, version: '0.0.0-test' });
    expect(off.out.trim()).not.toContain('\n');

    const on = await daemon.run('enable', '--json');
    expect(statusSchema.parse(JSON.parse(on.out))).toMatchObject({
      state: 'on',
      pid: process.pid,
      connections: { open: 2, bypassing: 1 },
      bytes: { bypass: 0, stack: 0 },
      messages: { bypass: 0, stack: 0 },
      events: { received: 0, lost: 0 },
    });
    expect(Object.keys(JSON.parse(on.out)).slice(0, 6)).toEqual([
      'state',
      'reason',
      'since',
      'pid',
      'cgroup',
      'version',
    ]);
    expect(JSON.parse((await daemon.run('disable', '--json')).out)).toMatchObject({ state: 'off' });
    expect(daemon.kernel.pinned).toBe(false);
  });

  test('connections prints a list, with --all also those that closed', async () => {
    await using daemon = await startDaemon();
    await daemon.run('enable');
    const list = connectionSchema.array().parse(JSON.parse((await daemon.run('connections', '--json')).out));
    expect(list.map(({ id, open: isOpen }) => [id, isOpen])).toEqual([
      ['7', true],
      ['8', true],
    ]);
    expect(list[0]).toMatchObject({
      client: { address: '127.0.0.1', port: 40_000, netns: '1', cgroup: '1', pid: 100, comm: 'client' },
      clientToServer: {
        path: 'bypass',
        reason: null,
        bytes: { bypass: 76_800, stack: 0 },
        messages: { bypass: 1200, stack: 0 },
      },
    });
    daemon.kernel.open = [stuck];
    daemon.emit('closed');
    await until(async () => JSON.parse((await daemon.run('connections', '--json')).out).length === 1);
    const all = JSON.parse((await daemon.run('connections', '--json', '--all')).out);
    expect(all.map(({ id, open: isOpen }: { id: string; open: boolean }) => [id, isOpen])).toEqual([
      ['7', false],
      ['8', true],
    ]);
  });

  test('more connections than fit on a page come all', async () => {
    await using daemon = await startDaemon();
    daemon.kernel.open = Array.from({ length: 2500 }, (_, id) => connection({ id: String(id) }));
    await daemon.run('enable');
    const list: { id: string }[] = JSON.parse((await daemon.run('connections', '--json')).out);
    expect(new Set(list.map(({ id }) => id)).size).toBe(2500);
  });

  test('events prints one object a line, all that the daemon holds', async () => {
    await using daemon = await startDaemon();
    await daemon.run('enable');
    for (let n = 0; n < 2500; n++) daemon.emit('paired');
    await until(() => daemon.kernel.ring.length === 0);
    const lines = (await daemon.run('events', '--json')).out.trim().split('\n');
    expect(lines.map((line) => eventSchema.parse(JSON.parse(line)).seq)).toEqual(
      Array.from({ length: 2501 }, (_, n) => n + 1),
    );
    expect(Object.keys(JSON.parse(lines[5] ?? '')).slice(0, 4)).toEqual(['seq', 'at', 'kind', 'connection']);
  });

  test('settings and sign-in-link', async () => {
    await using daemon = await startDaemon();
    expect(JSON.parse((await daemon.run('settings', '--json')).out)).toEqual({
      allowBlockingReaders: false,
      queueCap: 16_777_216,
      keepOnStack: [],
    });
    const changed = await daemon.run(
      'settings',
      '--allow-blocking-readers',
      'on',
      '--queue-cap',
      '65536',
      '--keep-on-stack',
      '5432,6000-6010',
      '--json',
    );
    expect(JSON.parse(changed.out)).toEqual({
      allowBlockingReaders: true,
      queueCap: 65_536,
      keepOnStack: [
        { first: 5432, last: 5432 },
        { first: 6000, last: 6010 },
      ],
    });
    expect((await daemon.run('settings')).out).toMatch(/^Keep on the stack +ports 5432, 6000-6010$/m);
    expect((await daemon.run('settings', '--keep-on-stack', 'none')).out).toMatch(
      /^Keep on the stack +none$/m,
    );
    const { url } = JSON.parse((await daemon.run('sign-in-link', '--json')).out);
    expect(url).toMatch(new RegExp(`^${daemon.site.url}/sign-in#[\\w-]{43}$`));
  });

  test('splicers lists programs, and releases one', async () => {
    await using daemon = await startDaemon();
    await daemon.run('enable');
    daemon.kernel.splicers = [{ device: 1n, inode: 2n, version: 3n, pid: 0, comm: 'proxy' }];
    const [listed] = JSON.parse((await daemon.run('splicers', '--json')).out);
    expect(listed).toEqual({
      program: 'proxy',
      why: 'splices',
      remembered: false,
      learnedAt: expect.any(String),
    });
    expect((await daemon.run('splicers')).out).toMatch(
      /^PROGRAM {2}WHY {6}LEARNED {2}REMEMBERED\nproxy {4}splices {2}\d+ s ago {2}until switched off\n$/,
    );
    expect(await daemon.run('splicers', '--release', 'prox')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/^No program “prox” is kept on the stack.*Name it as it is listed/),
    });
    expect(JSON.parse((await daemon.run('splicers', '--release', 'proxy', '--json')).out)).toEqual([]);
    expect(daemon.kernel.splicers).toEqual([]);
  });

  test('trace switches, and prints one object a line', async () => {
    await using daemon = await startDaemon();
    expect(JSON.parse((await daemon.run('trace', 'on', '--json')).out)).toEqual({
      on: true,
      available: true,
      why: null,
    });
    expect(await daemon.run('trace', '--json')).toEqual({ status: 0, out: '', err: '' });
    expect(JSON.parse((await daemon.run('trace', 'off', '--json')).out)).toMatchObject({ on: false });
  });
});

describe('for people', () => {
  test('status says what matters, values below each other', async () => {
    await using daemon = await startDaemon();
    await daemon.run('enable');
    daemon.kernel.totals = {
      bytes: { bypass: 1_240_000_000, stack: 44_100 },
      messages: { bypass: 41_200_000, stack: 12 },
      events: { sent: 9, lost: 2 },
      untracked: 3,
      leftOut: 1204,
    };
    const { out } = await daemon.run('status');
    expect(out.replace(/for \d+ s/, 'for 0 s')).toBe(
      [
        'Acceleration  on for 0 s',
        'Connections   1 of 2 take the bypass',
        '              1 on the stack: blocking reader',
        '              3 found the table full and use TCP',
        '              1204 came in a crowd and were left out',
        'Bypass        1.24 GB in 41.2 M messages',
        'Stack         44.1 kB in 12 messages',
        'Events        7 received, 2 lost',
        `Cgroup        ${JSON.parse((await daemon.run('status', '--json')).out).cgroup}`,
        `Daemon        process ${process.pid}, version 0.0.0-test`,
        '',
      ].join('\n'),
    );
  });

  test('connections is a table, numbers on the right', async () => {
    await using daemon = await startDaemon();
    await daemon.run('enable');
    const lines = (await daemon.run('connections')).out.trimEnd().split('\n');
    expect(lines[0]).toBe(
      'CLIENT                        SERVER                             PATH    MESSAGES   BYTES  AGE  WHY NOT THE BYPASS',
    );
    expect(lines[1]).toMatch(
      /^client \(100\) 127\.0\.0\.1:40000 {2}redis-server \(200\) 127\.0\.0\.1:6379 {2}bypass {5}2\.4 k {2}154 kB {2}5 h$/,
    );
    expect(lines[2]).toMatch(/ stack +6 +384 B {2}2 h {2}blocking reader$/);
  });

  test('a name cannot act on the terminal', async () => {
    await using daemon = await startDaemon();
    const comm = 'a\u001b[2J\r\n\u009b\u202e';
    // Before anybody looks: the daemon may answer from its last look.
    daemon.kernel.open = [{ ...open, server: { ...open.server, comm } }];
    await daemon.run('enable');
    const { out } = await daemon.run('connections');
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(out).toContain('a?[2J????');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    const json = (await daemon.run('connections', '--json')).out;
    expect(json.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(JSON.parse(json)[0].server.comm).toBe(comm);
  });

  test('no connections are no empty table', async () => {
    await using daemon = await startDaemon();
    expect((await daemon.run('connections')).out).toBe('No local connections yet.\n');
  });

  test('events are lines', async () => {
    await using daemon = await startDaemon();
    await daemon.run('enable');
    daemon.emit('paired');
    await until(() => daemon.kernel.ring.length === 0);
    const lines = (await daemon.run('events')).out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/Z {9}1 {2}enabled$/);
    expect(lines[1]).toMatch(
      /2 {2}paired {7}#7 {2}client 127\.0\.0\.1:40000 → redis-server 127\.0\.0\.1:6379$/,
    );
  });
});

describe('--follow', () => {
  test('goes on with new events, each once, until Ctrl-C', async () => {
    await using daemon = await startDaemon();
    await daemon.run('enable');
    daemon.emit('paired');
    await until(() => daemon.kernel.ring.length === 0);
    await using following = start('events', '--follow', '--json', '--state-dir', daemon.stateDir);
    await until(() => following.out().includes('"paired"'));
    daemon.emit('closed');
    await until(() => following.out().includes('"closed"'));
    following.child.kill('SIGINT');
    const { status, out } = await following.ended;
    expect(status).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual([1, 2, 3]);
  });

  test('ends quietly when its reader has seen enough', async () => {
    await using daemon = await startDaemon();
    await using following = start('events', '--follow', '--state-dir', daemon.stateDir);
    await daemon.run('enable');
    await until(() => following.out().includes('enabled'));
    following.child.stdout?.destroy();
    while (following.child.exitCode === null) {
      daemon.emit('paired');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await following.ended).toMatchObject({ status: 0, err: '' });
  });

  test('trace prints the lines as they are', async () => {
    await using daemon = await startDaemon();
    await using following = start('trace', '--follow', '--state-dir', daemon.stateDir);
    await until(() => following.err() !== '');
    expect(following.err()).toBe('Trace lines are off. Switch them on with ./sidestep trace on.\n');
    following.child.kill('SIGTERM');
    expect((await following.ended).status).toBe(0);
  });
});

describe('exit status 1, with one sentence and its remedy:', () => {
  test('no daemon', async () => {
    const verbs = [
      'status',
      'enable',
      'disable',
      'connections',
      'events',
      'trace',
      'settings',
      'sign-in-link',
    ];
    const outcomes = await Promise.all(verbs.map((verb) => sidestep(verb, '--state-dir', '/nonexistent')));
    for (const outcome of outcomes) {
      expect(outcome).toEqual({
        status: 1,
        out: '',
        err: 'The daemon is not running (nothing answers at /nonexistent/daemon.sock). Start it with sudo ./sidestep up.\n',
      });
    }
  });

  test('not root', async () => {
    await using daemon = await startDaemon();
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    await using running = startUnder(nobody, 'status', '--state-dir', daemon.stateDir);
    expect(await running.ended).toEqual({
      status: 1,
      out: '',
      err: 'Only root may talk to the daemon: use sudo.\n',
    });
  });

  test('what the kernel refuses', async () => {
    await using daemon = await startDaemon();
    daemon.site.dataPlane.failing.enable = kernelSays('The verifier refused the programs.', 'a long log');
    expect(await daemon.run('enable')).toEqual({
      status: 1,
      out: '',
      err: 'The verifier refused the programs. Use a newer kernel.\n',
    });
    expect((await daemon.run('status')).out).toContain('failed');
  });

  test('a setting out of its range', async () => {
    await using daemon = await startDaemon();
    const { status, err } = await daemon.run('settings', '--queue-cap', '1');
    expect([status, err]).toEqual([1, expect.stringMatching(/^queueCap: [^\n]+\n$/)]);
  });
});

test.each([
  [[]],
  [['nonsense']],
  [['status', 'extra']],
  [['status', '--nonsense']],
  [['status', '--state-dir']],
  [['trace', 'maybe']],
  [['settings', '--queue-cap', '4k']],
  [['settings', '--allow-blocking-readers', 'yes']],
  [['settings', '--keep-on-stack', '5432 6000']],
])('exit status 2 for %j', async (args) => {
  const { status, out, err } = await sidestep(...args);
  expect([status, out]).toEqual([2, '']);
  expect(err).not.toBe('');
});

test('help is not an error, and every verb takes the same options', async () => {
  expect(await sidestep('--help')).toMatchObject({ status: 0, err: '' });
  for (const verb of ['status', 'events']) {
    const { status, out } = await sidestep(verb, '--help');
    expect(status).toBe(0);
    for (const option of ['--state-dir', '--listen', '--cgroup', '--pin-dir', '--json'])
      expect(out).toContain(option);
  }
});

test('nobody is asked in a folder where somebody else may answer', async () => {
  await using daemon = await startDaemon();
  chownSync(daemon.stateDir, 65_534, 65_534);
  const foreign = await daemon.run('status');
  expect(foreign).toMatchObject({ status: 1, out: '' });
  expect(foreign.err).toContain('belongs to another user. Choose another with --state-dir');
  chownSync(daemon.stateDir, 0, 0);
  chmodSync(daemon.stateDir, 0o777);
  expect((await daemon.run('status')).err).toContain('Others may write to the state folder');
  chmodSync(daemon.stateDir, 0o700);
  expect((await daemon.run('status')).status).toBe(0);
});
