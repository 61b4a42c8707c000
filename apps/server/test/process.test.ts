import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { keyOf } from '../src/state/pin-lock.ts';
import { freshPinDir } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { pinLockOf, spawnDaemon } from './support/process.ts';
import { until } from './support/until.ts';

const MAIN_WITH_CHILDREN = fileURLToPath(new URL('support/main-with-children.ts', import.meta.url));

function workplace() {
  const folder = temporaryFolder();
  const stateDir = join(folder.path, 'state');
  const pinDir = freshPinDir();
  return {
    ...folder,
    stateDir,
    pinDir,
    args: ['--state-dir', stateDir, '--listen', '127.0.0.1:0', '--pin-dir', pinDir],
  };
}

const healthOf = (out: string) => `${/http:\/\/[\d.:]+/.exec(out)?.[0]}/healthz`;

/** It answers when it has said what it had to say at its start, or has seen that nobody takes it. */
async function untilStarted(stateDir: string): Promise<void> {
  await until(() => existsSync(join(stateDir, 'daemon.pid')), 'the daemon did not get ready');
  const asked = request({ socketPath: join(stateDir, 'daemon.sock'), path: '/' }).end();
  const [answer] = await once(asked, 'response');
  answer.resume();
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

  test.each([
    ['on a full disk', 'size=64k', 'the disk is full. Make room there,'],
    ['that is read-only', 'ro', 'the file system is read-only. Make files writable again there,'],
  ])('a state folder %s', async (_words, options, remedy) => {
    using place = workplace();
    mkdirSync(place.stateDir);
    const mount = `mount -t tmpfs -o mode=700,${options} none ${place.stateDir} && exec "$@"`;
    const { status, words } = await refused(place.args, ['unshare', '-m', 'sh', '-c', mount, 'sh']);
    expect([status, words]).toEqual([
      1,
      `The state folder ${place.stateDir} cannot be used: ${remedy} or choose another folder with --state-dir.\n`,
    ]);
  });

  test('a state folder that would be made on a full disk', async () => {
    using place = workplace();
    const script =
      'mount -t tmpfs -o size=64k none "$0" && { "$@"; status=$?; ls -A "$0" >&2; exit $status; }';
    const { status, words } = await refused(place.args, ['unshare', '-m', 'sh', '-c', script, place.path]);
    expect([status, words]).toEqual([1, expect.stringMatching(/: the disk is full\. [^\n]+\n$/)]);
  });

  test('a state folder that is a file', async () => {
    using place = workplace();
    writeFileSync(place.stateDir, 'precious');
    const { status, words } = await refused(place.args);
    expect([status, words]).toEqual([1, expect.stringMatching(/is not a folder\. [^\n]+--state-dir\.\n$/)]);
    expect(readFileSync(place.stateDir, 'utf8')).toBe('precious');
  });

  test.each([
    ['that everyone may write', 'chmod 777 .', 'run folder /run/sidestep. Remove it, or run chmod go-w'],
    ['with locks that everyone may write', 'mkdir -m 777 locks', 'run chmod go-w /run/sidestep/locks'],
    [
      'with locks of another user',
      'mkdir locks; chown 65534 locks',
      '/run/sidestep/locks belongs to another',
    ],
    ['with locks behind a link', 'ln -s /tmp locks', '/run/sidestep/locks is not a folder. Remove it.'],
  ])('a run folder %s', async (_words, spoil, words) => {
    using place = workplace();
    mkdirSync(join(place.path, 'run'));
    // The tree of cgroups may be mounted in the one that is there.
    const script = `cd "$0"; mount -t tmpfs -o mode=700 none .; cd "$0"; ${spoil}
      if [ -d /run/sidestep/cgroup ]; then mkdir cgroup; mount --rbind /run/sidestep/cgroup cgroup; fi
      mkdir -p /run/sidestep; mount --rbind . /run/sidestep; exec "$@"`;
    const wrapper = ['unshare', '-m', 'sh', '-ec', script, join(place.path, 'run')];
    const { status, words: said } = await refused(place.args, wrapper);
    expect([status, said]).toEqual([1, expect.stringMatching(/^[^\n]+\n$/)]);
    expect(said).toContain(words);
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

  test('do not share a pin folder either from different network namespaces', async () => {
    using place = workplace();
    await using first = spawnDaemon(place.args);
    await first.ready();
    const args = [...place.args, '--state-dir', `${place.stateDir}-2`];
    await using second = spawnDaemon(args, ['unshare', '-n']);
    await second.ready();
    expect(second.child.exitCode).toBe(1);
    await second.ended;
    expect(second.err()).toBe(
      `Another daemon uses the pin folder ${place.pinDir}. Stop it, or choose another folder with --pin-dir.\n`,
    );
  });

  test('run side by side with different ones', async () => {
    using place = workplace();
    using other = workplace();
    await using first = spawnDaemon(place.args);
    await using second = spawnDaemon(other.args);
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

  // A session that is as old as the kernel has none.
  const session = existsSync('/proc/self/autogroup') ? (sessionNice() ?? null) : null;
  test.each([
    ['that shares its session', [], { nice: [0], session }],
    [
      'with a session of its own',
      ['setsid'],
      { nice: [0], session: existsSync('/proc/self/autogroup') ? '0' : null },
    ],
    ['whose priority somebody has chosen', ['nice', '-n', '5'], { nice: [5], session }],
  ])('is not inherited by the check-up of a daemon %s', (_words, wrapper, expected) => {
    const [command = '', ...rest] = [...ordinary, ...wrapper, process.execPath, MAIN_WITH_CHILDREN];
    const printed = execFileSync(command, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    expect(JSON.parse(printed)).toEqual([expected]);
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
  test('cannot be kept from its pin folder by other users', async () => {
    using place = workplace();
    // Anybody may have a name like this.
    const squatter = createServer().listen(`\0sidestep-${keyOf(place.pinDir)}`);
    await once(squatter, 'listening');
    try {
      await using daemon = spawnDaemon(place.args);
      await daemon.ready();
      expect(daemon.child.exitCode).toBeNull();
      const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'cat', pinLockOf(place.pinDir)];
      expect(() => execFileSync('setpriv', asNobody, { stdio: 'pipe' })).toThrow('Permission denied');
    } finally {
      squatter.close();
    }
  });

  test('says where it is and how to get in, keeps its files to itself, and takes them along when it stops', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args);
    await daemon.ready();
    const words = daemon.out().replace(/^\S+Z Check-up of .*\n/m, '');
    expect(words).toMatch(
      /^\S+Z Sidestep is ready at http:\/\/127\.0\.0\.1:\d+\n\S+Z Sign in once with http:\/\/127\.0\.0\.1:\d+\/sign-in#[\w-]{43}\n$/,
    );
    expect(statSync(place.stateDir).mode & 0o777).toBe(0o700);
    for (const name of ['token', 'daemon.sock', 'daemon.pid', 'lock', 'sidestep.db']) {
      expect([name, statSync(join(place.stateDir, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    expect(readdirSync(place.stateDir).sort()).toEqual(['lock', 'sidestep.db', 'token']);
    expect(existsSync(pinLockOf(place.pinDir))).toBe(false);
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

  test.each([
    ['Ctrl-C', ['SIGINT']],
    ['a second signal', ['SIGTERM', 'SIGTERM']],
    ['Ctrl-C and a signal', ['SIGINT', 'SIGTERM', 'SIGINT']],
  ] as const)('stops on %s as on the first', async (_words, signals) => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args);
    await daemon.ready();
    for (const signal of signals) daemon.child.kill(signal);
    expect(await daemon.ended).toBe(0);
    expect(daemon.out().match(/Stopping on /g)).toHaveLength(1);
    expect(readdirSync(place.stateDir).sort()).toEqual(['lock', 'sidestep.db', 'token']);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'that gets %s while it starts stops when it has',
    async (signal) => {
      using place = workplace();
      await using daemon = spawnDaemon(place.args);
      // The lock is the first that it makes, and the pid file the last.
      await until(() => existsSync(join(place.stateDir, 'lock')), 'the daemon took no lock');
      daemon.child.kill(signal);
      expect(await daemon.ended).toBe(0);
      expect(readdirSync(place.stateDir).sort()).toEqual(['lock', 'sidestep.db', 'token']);
    },
  );

  test('outlives its terminal', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args);
    await daemon.ready();
    daemon.child.kill('SIGHUP');
    daemon.child.kill('SIGPIPE');
    await until(() => daemon.out().includes('The terminal has gone.'));
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
  });

  test('outlives the reader of its log', async () => {
    using place = workplace();
    await using daemon = spawnDaemon(place.args);
    await daemon.ready();
    daemon.child.stdout?.destroy();
    daemon.child.stderr?.destroy();
    daemon.child.kill('SIGHUP');
    expect((await fetch(healthOf(daemon.out()))).status).toBe(200);
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
  });

  test('does not wait for a reader of its log who does not read, and says later what is missing', async () => {
    using place = workplace();
    const pipe = join(place.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    expect(() => {
      while (writeSync(reader, 'x'.repeat(4096)) > 0);
    }).toThrow('EAGAIN');
    const shell = ['sh', '-c', 'pipe=$1; shift; exec "$@" >"$pipe"', 'sh', pipe];
    await using daemon = spawnDaemon(place.args, shell);
    await untilStarted(place.stateDir);
    const said = Buffer.alloc(1 << 20);
    readSync(reader, said);
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    const text = said.toString('utf8', 0, readSync(reader, said));
    expect(text).toMatch(/Lines missing here: \d+\. Nobody could take them\.\n/);
    expect(text).toContain('Stopped.');
    closeSync(reader);
  });

  test('keeps its log in a file when it is told to, and says what standard output does not', async () => {
    using place = workplace();
    const log = join(place.path, 'log');
    await using daemon = spawnDaemon([...place.args, '--log', log]);
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('Sign in once'));
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    expect(readFileSync(log, 'utf8')).toContain('Stopped.');
    expect(daemon.out()).toBe('');
  });
});
