import { Cgroup, Daemon, freePort, type Process, until } from '@sidestep/bench';

/** A real daemon over a cgroup of its own, with redis in it. Disposing ends and removes all of it. */
export class Host implements AsyncDisposable {
  readonly cgroup: Cgroup;
  readonly daemon: Daemon;
  readonly #parts: AsyncDisposableStack;

  private constructor(cgroup: Cgroup, daemon: Daemon, parts: AsyncDisposableStack) {
    this.cgroup = cgroup;
    this.daemon = daemon;
    this.#parts = parts;
  }

  static async start(name: string): Promise<Host> {
    await using parts = new AsyncDisposableStack();
    const cgroup = parts.use(new Cgroup(name));
    const daemon = parts.use(new Daemon(name, cgroup.path));
    await daemon.start();
    return new Host(cgroup, daemon, parts.move());
  }

  /** The link that the daemon printed when it started. */
  get signInLink(): string {
    const link = /http:\S+\/sign-in#\S+/.exec(this.daemon.process.lines.join('\n'))?.[0];
    if (!link) throw new Error('The daemon printed no link.');
    return link;
  }

  /** A redis-server that answers. */
  async startRedis(): Promise<{ server: Process; port: number }> {
    const port = await freePort();
    const quiet = ['--save', '', '--appendonly', 'no', '--dir', this.daemon.stateDir];
    const server = this.#parts.use(
      this.cgroup.start(['redis-server', '--bind', '127.0.0.1', '--port', String(port), ...quiet]),
    );
    await until('redis answers', async () => (await this.ask(port, 'PING')) === 'PONG');
    return { server, port };
  }

  /** A redis-benchmark that asks and asks, from `clients` connections that it keeps. */
  startBenchmark(port: number, clients: number): Process {
    const load = ['-c', String(clients), '-n', '1000000000', '-q', '-t', 'get'];
    return this.#parts.use(this.cgroup.start(['redis-benchmark', '-p', String(port), ...load]));
  }

  /** One question by redis-cli, on a connection of its own. */
  ask(port: number, ...words: string[]): Promise<string> {
    return this.cgroup.run(['redis-cli', '-p', String(port), ...words]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}
