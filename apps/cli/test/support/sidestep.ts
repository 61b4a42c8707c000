import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<Outcome>;
}

/** A command line, as a person would type it after `sidestep`. */
export function start(...args: string[]): Running {
  return startUnder([], ...args);
}

/** The same, started by another command that is put in front. */
export function startUnder(wrapper: readonly string[], ...args: string[]): Running {
  const [command = '', ...rest] = [...wrapper, process.execPath, MAIN, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  // Also when the test is given up and never gets to its clean-up.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close').then(([status]) => ({ status, out, err }));
  ended.finally(() => process.off('exit', kill));
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

export async function sidestep(...args: string[]): Promise<Outcome> {
  await using running = start(...args);
  return await running.ended;
}
