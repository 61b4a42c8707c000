import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshPinDir } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { spawnDaemon } from './support/process.ts';

function workplace() {
  const folder = temporaryFolder();
  const stateDir = join(folder.path, 'state');
  return {
    ...folder,
    stateDir,
    args: ['--state-dir', stateDir, '--listen', '127.0.0.1:0', '--pin-dir', freshPinDir()],
  };
}

/** What a start that is refused prints and leaves. */
async function refused(args: readonly string[], wrapper: readonly string[] = []) {
  await using daemon = spawnDaemon(args, wrapper);
  const status = await daemon.ended;
  expect(daemon.out()).not.toContain('ready');
  return { status, words: daemon.err() };
}

describe('a start that is refused says why in one line, and leaves nothing behind:', () => {
  test('wrong usage', async () => {
    using place = workplace();
    expect(await refused([...place.args, '--nonsense'])).toEqual({
      status: 2,
      words: expect.stringMatching(/^[^\n]*--nonsense[^\n]*\n$/),
    });
    expect(existsSync(place.stateDir)).toBe(false);
  });

  test.each([
    ['an address that others can reach', ['--listen', '0.0.0.0:0'], '--tls-cert'],
    ['a folder that is no cgroup', ['--cgroup', '/proc'], 'is not a cgroup'],
    ['a v1 cgroup', ['--cgroup', '/sys/fs/cgroup/cpu'], 'cgroup'],
    ['a cgroup that is missing', ['--cgroup', '/sys/fs/cgroup/nowhere'], 'There is no cgroup'],
    ['no bpf file system', ['--pin-dir', '/tmp/pins'], 'mount -t bpf'],
    ['a certificate that is missing', ['--tls-cert', '/nowhere/a.pem', '--tls-key', '/nowhere/b.pem'], 'PEM'],
    ['a state folder that cannot be made', ['--state-dir', '/proc/sidestep'], '--state-dir'],
  ])('%s', async (_words, args, remedy) => {
    using place = workplace();
    const { status, words } = await refused([...place.args, ...args]);
    expect(status).toBe(1);
    expect(words).toMatch(/^[^\n]+\n$/);
    expect(words).toContain(remedy);
    expect(existsSync(place.stateDir)).toBe(false);
  });

  test('a port in use', async () => {
    using place = workplace();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port } = other.address() as { port: number };
      const { status, words } = await refused([...place.args, '--listen', `127.0.0.1:${port}`]);
      expect([status, words]).toEqual([
        1,
        expect.stringMatching(/^The port of 127\.0\.0\.1:\d+ is in use\. [^\n]+--listen\.\n$/),
      ]);
      expect(existsSync(place.stateDir)).toBe(false);
    } finally {
      other.close();
    }
  });

  test('not root', async () => {
    using place = workplace();
    const { status, words } = await refused(place.args, [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
    ]);
    expect([status, words]).toEqual([1, 'Sidestep needs root. Start it with sudo.\n']);
  });

  test('root without a capability', async () => {
    using place = workplace();
    const { status, words } = await refused(place.args, [
      'setpriv',
      '--bounding-set=-bpf,-sys_admin',
      '--inh-caps=-bpf,-sys_admin',
    ]);
    expect(status).toBe(1);
    expect(words).toMatch(/^This root user lacks CAP_SYS_ADMIN and CAP_BPF\. /);
    expect(existsSync(place.stateDir)).toBe(false);
  });
});

describe('two daemons', () => {
  test('do not share a state folder, and the second names the first', async () => {
    using place = workplace();
    await using first = spawnDaemon(place.args);
    await first.ready();
    const { status, words } = await refused([...place.args, '--pin-dir', freshPinDir()]);
    expect(status).toBe(1);
    expect(words).toContain(`(process ${first.child.pid})`);
    expect(words).toContain('--state-dir');
    expect(readFileSync(join(place.stateDir, 'daemon.pid'), 'utf8')).toBe(`${first.child.pid}\n`);
  });

  test('do not share a pin folder', async () => {
    using place = workplace();
    await using first = spawnDaemon(place.args);
    await first.ready();
    const { status, words } = await refused([...place.args, '--state-dir', `${place.stateDir}-2`]);
    expect([status, words]).toEqual([1, expect.stringContaining('--pin-dir')]);
    expect(existsSync(`${place.stateDir}-2`)).toBe(false);
  });

  test('run side by side with different ones', async () => {
    using place = workplace();
    await using first = spawnDaemon(place.args);
    await using second = spawnDaemon([
      ...place.args,
      '--state-dir',
      `${place.stateDir}-2`,
      '--pin-dir',
      freshPinDir(),
    ]);
    await Promise.all([first.ready(), second.ready()]);
    expect([first.child.exitCode, second.child.exitCode]).toEqual([null, null]);
  });
});

describe('the priority', () => {
  // However the tests themselves were started.
  const ordinary = ['nice', '-n', String(-getPriority())];
  const prioritiesOf = (pid = 0) =>
    readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread)));
  const sessionNice = (pid: number | string = 'self') =>
    /nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, 'utf8'))?.[1];

  test('is raised for all threads', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args, ordinary);
    await daemon.ready();
    const priorities = prioritiesOf(daemon.child.pid);
    expect(priorities.length).toBeGreaterThan(1);
    expect(new Set(priorities)).toEqual(new Set([-10]));
    expect(daemon.out()).not.toContain('priority');
  });

  test.skipIf(!existsSync('/proc/self/autogroup'))(
    'is that of the session too, where the session is its own',
    async () => {
      using place = workplace();
      {
        await using shared = spawnDaemon(place.args, ordinary);
        await shared.ready();
        const before = sessionNice();
        expect(sessionNice(shared.child.pid)).toBe(before);
        expect(before).not.toBe('-10');
      }
      await using own = spawnDaemon(place.args, [...ordinary, 'setsid']);
      await own.ready();
      expect(sessionNice(own.child.pid)).toBe('-10');
      expect(sessionNice()).not.toBe('-10');
    },
  );

  test('stays where somebody has chosen it', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args, [...ordinary, 'nice', '-n', '5']);
    await daemon.ready();
    expect(new Set(prioritiesOf(daemon.child.pid))).toEqual(new Set([5]));
  });

  test('stays where the kernel refuses, and the daemon says so and goes on', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args, [
      ...ordinary,
      'setpriv',
      '--bounding-set=-sys_nice',
      '--inh-caps=-sys_nice',
    ]);
    await daemon.ready();
    expect(daemon.child.exitCode).toBeNull();
    expect(new Set(prioritiesOf(daemon.child.pid))).toEqual(new Set([0]));
    expect(daemon.out().match(/^.*CAP_SYS_NICE.*$/gm)).toHaveLength(1);
  });
});

describe('a daemon', () => {
  test('says where it is and how to get in, keeps its files to itself, and takes them along when it stops', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args);
    await daemon.ready();
    expect(daemon.out()).toMatch(
      /^\S+Z Sidestep is ready at http:\/\/127\.0\.0\.1:\d+\n\S+Z Sign in once with http:\/\/127\.0\.0\.1:\d+\/sign-in#[\w-]{43}\n$/,
    );
    expect(statSync(place.stateDir).mode & 0o777).toBe(0o700);
    for (const name of ['token', 'daemon.sock', 'daemon.pid', 'lock', 'sidestep.db']) {
      expect([name, statSync(join(place.stateDir, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    expect(readdirSync(place.stateDir).sort()).toEqual(['lock', 'sidestep.db', 'token']);
  });

  test('that was killed leaves no lock', async () => {
    using place = workplace();
    {
      await using daemon = spawnDaemon(place.args);
      await daemon.ready();
      daemon.child.kill('SIGKILL');
      await daemon.ended;
      expect(existsSync(join(place.stateDir, 'daemon.sock'))).toBe(true);
    }
    await using next = spawnDaemon(place.args);
    await next.ready();
    expect(next.child.exitCode).toBeNull();
    expect(readFileSync(join(place.stateDir, 'daemon.pid'), 'utf8')).toBe(`${next.child.pid}\n`);
  });

  test('goes on with a fresh database when its own is damaged', async () => {
    using place = workplace();
    {
      await using daemon = spawnDaemon(place.args);
      await daemon.ready();
      daemon.child.kill('SIGTERM');
      await daemon.ended;
    }
    const token = readFileSync(join(place.stateDir, 'token'), 'utf8');
    writeFileSync(join(place.stateDir, 'sidestep.db'), 'x'.repeat(10_000));
    await using daemon = spawnDaemon(place.args);
    await daemon.ready();
    expect(daemon.child.exitCode).toBeNull();
    expect(daemon.out()).toContain('is damaged');
    const moved = readdirSync(place.stateDir).find((name) => name.startsWith('sidestep.db.corrupt-')) ?? '';
    expect(readFileSync(join(place.stateDir, moved), 'utf8')).toBe('x'.repeat(10_000));
    expect(readFileSync(join(place.stateDir, 'token'), 'utf8')).toBe(token);
  });

  test('stops on Ctrl-C as well', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args);
    await daemon.ready();
    daemon.child.kill('SIGINT');
    expect(await daemon.ended).toBe(0);
  });
});
