import { Process, run } from './process.ts';

/** A mount namespace of its own: nobody else sees what is mounted in it. Disposing ends it, and its mounts with their last user. */
export class Mounts implements AsyncDisposable {
  readonly #holder: Process;

  private constructor(holder: Process) {
    this.#holder = holder;
  }

  static async create(): Promise<Mounts> {
    const script = 'echo ready; exec cat';
    const holder = new Process(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]);
    await holder.firstLine();
    return new Mounts(holder);
  }

  /** A process that lives in it, for `StartOptions`. */
  get pid(): number {
    return this.#holder.pid;
  }

  run(...command: string[]): Promise<string> {
    return run(command, { mounts: this.pid });
  }

  /** Where everybody else finds a file of it. */
  path(path: string): string {
    return `/proc/${this.pid}/root${path}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#holder[Symbol.asyncDispose]();
  }
}
