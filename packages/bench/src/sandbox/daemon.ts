import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import type { Mounts } from './mounts.ts';
import { Process, run, type StartOptions } from './process.ts';
import { until } from './until.ts';

const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'];
/** As scripts/daemon.sh starts it. */
const NODE_OF_DAEMON = [...NODE, '--max-semi-space-size=4'];
/** Where a check-up for each daemon would take longer than all the rest another script stands in: in tests, and in an emulator. */
const DAEMON =
  process.env.SIDESTEP_DAEMON ??
  fileURLToPath(new URL('../../../../apps/server/src/main.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../../../../apps/cli/src/main.ts', import.meta.url));

/**
 * A daemon of its own: its state folder, port and pin folder are nobody else's. Disposing switches acceleration off, stops it and
 * removes all of them, also when the daemon was killed.
 */
export class Daemon implements AsyncDisposable {
  readonly cgroup: string;
  readonly stateDir: string;
  readonly pinDir: string;
  /** The script that is started, and arguments of its own. */
  main: readonly string[] = [DAEMON];
  readonly #options: readonly string[];
  readonly #mounts: Mounts | null;
  #port: number | null = null;
  #process: Process | null = null;

  /** `options` are more of the daemon's own; `mounts` is where it runs, and its command line. */
  constructor(name: string, cgroup: string, options: readonly string[] = [], mounts: Mounts | null = null) {
    this.#mounts = mounts;
    this.cgroup = cgroup;
    this.#options = options;
    this.stateDir = mkdtempSync(join(tmpdir(), `sidestep-${name}-`));
    this.pinDir = join('/sys/fs/bpf', this.stateDir.slice(tmpdir().length + 1));
  }

  get process(): Process {
    if (!this.#process) throw new Error('The daemon was not started.');
    return this.#process;
  }

  get socketPath(): string {
    return this.reach(join(this.stateDir, 'daemon.sock'));
  }

  /** Where the caller finds a file that the daemon has at this path. */
  reach(path: string): string {
    return this.#mounts?.path(path) ?? path;
  }

  /** Starts it (again) with the same folders and port, and does not wait for it. */
  async launch(): Promise<Process> {
    this.#port ??= await freePort();
    this.#process = new Process(
      [
        ...[
          ...NODE_OF_DAEMON,
          ...this.main,
          '--state-dir',
          this.stateDir,
          '--listen',
          `127.0.0.1:${this.#port}`,
        ],
        ...['--cgroup', this.cgroup, '--pin-dir', this.pinDir, ...this.#options],
      ],
      this.where,
    );
    return this.#process;
  }

  /** Starts it (again), and returns when it answers. */
  async start(): Promise<void> {
    const started = await this.launch();
    await until(`the daemon of ${this.stateDir} answers or ends`, async () => {
      return !started.running || (await answers(this.socketPath));
    });
    if (!started.running)
      throw new Error(`The daemon did not start: ${started.errors}${started.lines.join('\n')}`);
  }

  /** Stops the process only; what is accelerated stays so. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.process.kill(signal);
    await this.process.status();
  }

  /** What a verb of the command line prints. */
  cli(verb: string, ...args: string[]): Promise<string> {
    return run(this.commandLine(verb, ...args), this.where);
  }

  protected get where(): StartOptions {
    return { mounts: this.#mounts?.pid };
  }

  /** What runs a verb of the command line. */
  commandLine(verb: string, ...args: string[]): string[] {
    return [...NODE, CLI, verb, '--state-dir', this.stateDir, ...args];
  }

  protected async disable(): Promise<void> {
    await this.cli('disable');
  }

  /** Ctrl-C ends the daemon, too, and it may be about to: then another one has to do it. */
  async #switchOff(): Promise<void> {
    try {
      await this.disable();
    } catch {
      await this.stop();
      await this.start();
      await this.disable();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.#process?.running && existsSync(this.reach(this.pinDir))) await this.start();
      if (this.#process?.running) {
        // Who failed may have left it standing still.
        this.#process.kill('SIGCONT');
        await this.#switchOff();
        await this.stop();
      }
    } finally {
      await this.#process?.[Symbol.asyncDispose]();
      rmSync(this.reach(this.pinDir), { recursive: true, force: true });
      rmSync(this.stateDir, { recursive: true, force: true });
    }
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
