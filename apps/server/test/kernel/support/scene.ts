import { readFileSync } from 'node:fs';
import { Cgroup, type Mounts, run } from '@sidestep/bench';
import type { Settings } from '@sidestep/shared';
import { TestDaemon } from './test-daemon.ts';

/** A cgroup and a daemon that accelerates what runs in it. Disposing ends the programs, the daemon, and the cgroup. */
export interface Scene extends AsyncDisposable {
  readonly cgroup: Cgroup;
  readonly daemon: TestDaemon;
}

/** With acceleration on, under the given settings; the daemon may be given options of its own. */
export async function acceleratedScene(
  name: string,
  settings: Partial<Settings> = {},
  options: readonly string[] = [],
  prepare?: (daemon: TestDaemon) => Promise<unknown>,
): Promise<Scene> {
  const scene = await openScene(name, options, null, prepare);
  try {
    await scene.daemon.enable(settings);
    return scene;
  } catch (error) {
    await scene[Symbol.asyncDispose]();
    throw error;
  }
}

/** `prepare` is called before the daemon starts. */
export async function openScene(
  name: string,
  options: readonly string[] = [],
  mounts: Mounts | null = null,
  prepare: (daemon: TestDaemon) => Promise<unknown> = async () => {},
): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  await mountBpffs();
  const cgroup = opened.use(new Cgroup(name));
  const daemon = opened.use(new TestDaemon(name, cgroup.path, options, mounts));
  await prepare(daemon);
  await daemon.start();
  const everything = opened.move();
  return { cgroup, daemon, [Symbol.asyncDispose]: () => everything.disposeAsync() };
}

async function mountBpffs(): Promise<void> {
  const mounted = readFileSync('/proc/mounts', 'utf8').includes(' /sys/fs/bpf bpf ');
  if (!mounted) await run(['mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf']);
}
