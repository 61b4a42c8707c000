import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Process, run, type StartOptions } from './process.ts';
import { until } from './until.ts';

/** Where cgroup v2 is mounted. */
export function cgroupRoot(): string {
  const root = mountPoint((type) => type === 'cgroup2');
  if (!root)
    throw new Error('cgroup v2 is not mounted; mount it with: mount -t cgroup2 cgroup2 /sys/fs/cgroup');
  return root;
}

/** Where a controller of hierarchy v1 is mounted, if it is. */
export function cgroupV1Root(controller: string): string | undefined {
  return mountPoint((type, options) => type === 'cgroup' && options.includes(controller));
}

function mountPoint(matches: (type: string, options: readonly string[]) => boolean): string | undefined {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type = '', options = '']) => matches(type, options.split(',')))?.[1];
}

/** A cgroup of its own. Disposing kills what still runs in it and removes it. */
export class Cgroup implements AsyncDisposable {
  readonly path: string;

  constructor(name: string, parent: string = cgroupRoot()) {
    this.path = join(parent, `sidestep-${name}-${process.pid}-${Cgroup.#made++}`);
    mkdirSync(this.path);
  }

  static #made = 0;

  start(command: readonly string[], options: Omit<StartOptions, 'cgroup'> = {}): Process {
    return new Process(command, { ...options, cgroup: this.path });
  }

  run(command: readonly string[], options: Omit<StartOptions, 'cgroup'> = {}): Promise<string> {
    return run(command, { ...options, cgroup: this.path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    writeFileSync(join(this.path, 'cgroup.kill'), '1');
    await until(`${this.path} can be removed`, () => {
      rmdirSync(this.path);
      return true;
    });
  }
}
