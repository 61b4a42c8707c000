import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

export interface StartOptions {
  /** cgroup v2 folder that the process enters before it becomes the program. */
  readonly cgroup?: string | undefined;
  /** And one of another hierarchy (v1). */
  readonly cgroupV1?: string | undefined;
  /** Network namespace as `ip netns` names it. */
  readonly netns?: string | undefined;
  /** A process whose mount namespace it shares. */
  readonly mounts?: number | undefined;
  readonly user?: string | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Record<string, string> | undefined;
}

/** A program that runs. Its pid is that of the program itself, not of a shell around it. Disposing kills it. */
export class Process implements AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly name: string;
  #output: string[] = [];
  #errors = '';
  #lines: Interface;
  #ended: Promise<void>;

  constructor(command: readonly string[], options: StartOptions = {}) {
    const [file, ...args] = placed(command, options);
    const spawning: SpawnOptions = { stdio: ['pipe', 'pipe', 'pipe'], cwd: options.cwd ?? '/' };
    if (options.env) spawning.env = { ...process.env, ...options.env };
    this.name = command.join(' ');
    this.child = spawn(file as string, args, spawning);
    this.child.on('error', (error) => {
      this.#errors += `${error.message}\n`;
    });
    this.child.stdin?.on('error', () => {});
    if (this.child.pid === undefined) throw new Error(`Could not start ${this.name}.`);
    this.pid = this.child.pid;
    this.#lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    this.#lines.on('line', (line) => this.#output.push(line));
    this.child.stderr?.on('data', (chunk) => {
      this.#errors += chunk;
    });
    this.#ended = once(this.child, 'close').then(() => {});
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it has said on standard output, line by line, and on standard error. */
  get lines(): readonly string[] {
    return this.#output;
  }

  get errors(): string {
    return this.#errors;
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  endInput(): void {
    this.child.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The first line that it says, now or later; throws when it ends without one. */
  async firstLine(): Promise<string> {
    if (this.#output.length === 0) await Promise.race([once(this.#lines, 'line'), this.#ended]);
    const [line] = this.#output;
    if (line === undefined) throw new Error(`${this.name} said nothing: ${this.#errors}`);
    return line;
  }

  /** Waits for its end, and returns the exit status; null after a signal. */
  async status(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }

  /** Waits for its end, and returns standard output; throws unless it ended with 0. */
  async result(): Promise<string> {
    const status = await this.status();
    if (status !== 0)
      throw new Error(
        `${this.name} ended with ${status ?? this.child.signalCode}: ${this.#errors}${this.#output.join('\n')}`,
      );
    return this.#output.join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) this.child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Runs a program to its end; throws unless it ended with 0. Returns standard output. */
export async function run(command: readonly string[], options: StartOptions = {}): Promise<string> {
  const process = new Process(command, options);
  process.endInput();
  return await process.result();
}

/** Every step becomes the next by exec, so the pid stays. */
function placed(
  command: readonly string[],
  { cgroup, cgroupV1, netns, mounts, user }: StartOptions,
): string[] {
  let words = [...command];
  if (user) words = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', ...words];
  if (netns) words = ['nsenter', `--net=/run/netns/${netns}`, ...words];
  if (mounts) words = ['nsenter', `--mount=/proc/${mounts}/ns/mnt`, ...words];
  for (const entered of [cgroup, cgroupV1])
    if (entered) words = ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', entered, ...words];
  return words;
}
