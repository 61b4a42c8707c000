import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attachedTo, heldBy, untilGone } from '../../apps/server/test/kernel/support/kernel-objects.ts';
import { Cgroup, freePort, until } from '../../packages/bench/src/index.ts';
import { freshCopy, run } from './sidestep.ts';

const root = join(import.meta.dirname, '../..');

const made = mkdtempSync(join(tmpdir(), 'sidestep-run-'));
afterAll(() => rmSync(made, { recursive: true }));

/** What set-up has mounted for all the tests is not to be unmounted by one of them: its list is hidden, and `made` stands in its place. */
function sparing(...command: string[]) {
  const hide = `made=$1; shift
    if [ -d /run/sidestep/cgroup ]; then mkdir -p "$made/cgroup"; mount --rbind /run/sidestep/cgroup "$made/cgroup"; fi
    mkdir -p /run/sidestep
    mount --rbind "$made" /run/sidestep
    exec "$@"`;
  return run('unshare', '-m', 'sh', '-ec', hide, 'sh', made, ...command);
}

/** What is left in the run folder. */
const inRun = () => readdirSync(made, { recursive: true }).filter((name) => name !== 'cgroup');

describe('a daemon', { timeout: 180_000 }, () => {
  let parent: string;
  let stateDir: string;
  let pinDir: string;
  let cgroup: Cgroup;
  let options: string[];
  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'sidestep-purge-'));
    stateDir = join(parent, 'state');
    pinDir = `/sys/fs/bpf/sidestep-purge-${process.pid}`;
    cgroup = new Cgroup('purge');
    options = ['--state-dir', stateDir, '--listen', `127.0.0.1:${await freePort()}`];
    options.push('--cgroup', cgroup.path, '--pin-dir', pinDir);
  });
  afterEach(async () => {
    await sidestep('down', '--purge', '--now');
    if (existsSync(join(pinDir, 'foreign'))) rmdirSync(join(pinDir, 'foreign'));
    await sidestep('down', '--purge');
    await cgroup[Symbol.asyncDispose]();
    rmSync(parent, { recursive: true });
  });

  const sidestep = (...args: string[]) => sparing(join(root, 'sidestep'), ...args, ...options);
  const pid = () => Number(readFileSync(join(stateDir, 'daemon.pid'), 'utf8'));

  /** Accelerating; what it has in the kernel. */
  async function accelerating() {
    expect(await sidestep('up', '--detach')).toMatchObject({ code: 0 });
    expect(await sidestep('enable')).toMatchObject({ code: 0 });
    const objects = heldBy(pid());
    expect(objects.prog.size + objects.map.size + objects.link.size).toBeGreaterThan(10);
    return objects;
  }

  test('that runs is switched off, stopped, and removed with all that it made', async () => {
    const objects = await accelerating();
    const daemon = pid();
    expect(inRun()).toHaveLength(2);
    const { code, out, err } = await sidestep('down', '--purge');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Removed: the state folder ${stateDir}.`);
    expect(out).toContain(`Left: this folder, with all that was built in it. Remove it with: rm -r ${root}`);
    expect(existsSync(`/proc/${daemon}`)).toBe(false);
    expect(readdirSync(parent)).toEqual([]);
    expect(inRun()).toEqual([]);
    expect(existsSync(pinDir)).toBe(false);
    expect(await attachedTo(cgroup.path)).toBe('');
    await untilGone(objects);
    expect((await sidestep('down', '--purge')).out).not.toContain('Removed');
  });

  test('that was killed: down says what is left, and --purge removes it but for what others made', async () => {
    const objects = await accelerating();
    process.kill(pid(), 'SIGKILL');
    writeFileSync(join(stateDir, 'notes.txt'), 'not of Sidestep');
    mkdirSync(join(pinDir, 'foreign'));
    expect(inRun()).toHaveLength(2);
    const down = await sidestep('down');
    expect(down.out).toContain(`pinned in ${pinDir}`);
    expect(down.out).toContain('./sidestep down --purge removes it.');
    expect(await attachedTo(cgroup.path)).not.toBe('');

    const { code, out, err } = await sidestep('down', '--purge');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`Removed: \\d+ programs, maps and links, pinned in ${pinDir}\\.`));
    expect(out).toContain(`Left: foreign in ${pinDir}, which Sidestep has not made.`);
    expect(out).toContain(`Left: notes.txt in ${stateDir}, which Sidestep has not made.`);
    expect(readdirSync(stateDir)).toEqual(['notes.txt']);
    expect(readdirSync(pinDir)).toEqual(['foreign']);
    expect(inRun()).toEqual([]);
    expect(await attachedTo(cgroup.path)).toBe('');
    await untilGone(objects);
  });

  test('that could not take over what covers another cgroup is stopped, and that is removed', async () => {
    const objects = await accelerating();
    const killed = pid();
    process.kill(killed, 'SIGKILL');
    await until('the daemon has ended', () => !existsSync(`/proc/${killed}`));
    await using other = new Cgroup('purge-other');
    // Of an option that is given twice the last one counts.
    options.push('--cgroup', other.path);
    expect(await sidestep('up', '--detach')).toMatchObject({ code: 0 });
    const daemon = pid();
    expect((await sidestep('enable')).err).toContain('covers another cgroup');
    const { code, err } = await sidestep('down', '--purge');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(existsSync(`/proc/${daemon}`)).toBe(false);
    expect(readdirSync(parent)).toEqual([]);
    expect(existsSync(pinDir)).toBe(false);
    await untilGone(objects);
  });

  test('with another state folder keeps its pins: nothing is removed under it', async () => {
    await accelerating();
    const mine = ['--state-dir', join(parent, 'other'), '--pin-dir', pinDir];
    const { code, err } = await sparing(join(root, 'sidestep'), 'down', '--purge', ...mine);
    expect(code).toBe(1);
    expect(err).toContain(`Another daemon uses the pin folder ${pinDir}.`);
    expect(await attachedTo(cgroup.path)).not.toBe('');
    expect((await sidestep('status')).out).toMatch(/^Acceleration +on/);
  });
});

describe('file systems', () => {
  /** The script's own functions, where /run is empty, nothing is mounted by us, and no other process is seen. */
  const inOwnMachine = (copy: ReturnType<typeof freshCopy>, script: string) =>
    run(
      ...(['unshare', '-m', '-p', '-f', '--mount-proc', 'sh', '-euc'] as const),
      `mount -t tmpfs none /run; mkdir /run/one /run/two; root=$0; state_dir=/run/none; pin_dir=/run/none; now=no
       for part in say options machine packages set-up daemon purge; do . "$root/scripts/$part.sh"; done; ${script}`,
      copy.folder,
    );

  test('that set-up mounted are unmounted, and those that were there stay', async () => {
    using copy = freshCopy();
    const { out, err } = await inOwnMachine(
      copy,
      `mount -t tmpfs none /run/one; mount_at tmpfs /run/one; mount_at bpf /run/two; unmount_ours
       is_mounted tmpfs /run/one && echo one stays; is_mounted bpf /run/two || echo two is gone; [ -e /run/sidestep ] || echo no note`,
    );
    expect(err).toBe('');
    expect(out.trim().split('\n')).toEqual([
      'Removed: the mount of bpf at /run/two.',
      'one stays',
      'two is gone',
      'no note',
    ]);
  });

  test('in which others have pinned something, or that are in use, are left and named', async () => {
    using copy = freshCopy();
    const { out } = await inOwnMachine(
      copy,
      `mount_at bpf /run/one; mkdir /run/one/foreign; mount_at tmpfs /run/two; cd /run/two; unmount_ours; cd /
       rmdir /run/one/foreign`,
    );
    expect(out).toContain('Left: the bpf file system at /run/one, where others have pinned something.');
    expect(out).toContain('Left: the tmpfs file system at /run/two, which is in use; run umount /run/two');
  });
});

test('locks of daemons that were killed go, also when nothing else of them is left', async () => {
  const purge = [
    join(root, 'sidestep'),
    'down',
    '--purge',
    '--state-dir',
    '/nowhere/x',
    '--pin-dir',
    '/nowhere/y',
  ];
  const left = 'mkdir -p -m 700 /run/sidestep/locks; : >/run/sidestep/locks/0123456789abcdef';
  const script = `mount -t tmpfs none /run; ${left}; "$@" >&2; ls -A /run`;
  expect(await run('unshare', '-m', 'sh', '-ec', script, 'sh', ...purge)).toMatchObject({ code: 0, out: '' });
});

test('packages that set-up installed are named, as long as they are there', async () => {
  using copy = freshCopy();
  mkdirSync(join(copy.folder, '.sidestep'));
  writeFileSync(join(copy.folder, '.sidestep/packages'), 'coreutils\nno-such-package\ncoreutils\n');
  const elsewhere = ['--state-dir', '/nowhere/x', '--pin-dir', '/nowhere/y'];
  const { out } = await sparing(join(copy.folder, 'sidestep'), 'down', '--purge', ...elsewhere);
  expect(out).toContain('Remove them with: apt-get remove coreutils\n');
});

test.each([
  [['up', '--purge'], 'Only down takes --purge.'],
  [['down', '--now'], '--now goes with --purge.'],
])('%j is wrong usage', async (args, words) => {
  using copy = freshCopy();
  expect(await copy.sidestep(...args)).toMatchObject({ code: 2, err: expect.stringContaining(words) });
});
