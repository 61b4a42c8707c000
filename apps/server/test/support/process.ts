import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyOf, LOCKS } from '../../src/state/pin-lock.ts';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('fake-main.ts', import.meta.url));

export interface DaemonProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** The exit status, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Resolves when it has said where it is and how to get in, or has ended. */
  ready(): Promise<void>;
}

/** The file that is locked while a daemon has the pin folder. */
export const pinLockOf = (pinDir: string) => join(LOCKS, keyOf(pinDir));

/** The daemon as a process of its own, with a data plane that is not real. `wrapper` is put in front of the command. */
export function spawnDaemon(args: readonly string[], wrapper: readonly string[] = []): DaemonProcess {
  const [command = '', ...rest] = [...wrapper, process.execPath, MAIN, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout?.on('data', (data) => {
    out += data;
  });
  child.stderr?.on('data', (data) => {
    err += data;
  });
  // Also when the test is given up and never gets to its clean-up.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  ended.finally(() => process.off('exit', kill));
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    ready: () =>
      until(() => out.includes('Sign in once') || child.exitCode !== null, 'the daemon did not get ready'),
    [Symbol.asyncDispose]: async () => {
      const running = child.exitCode === null && child.signalCode === null;
      if (running) kill();
      await ended;
      if (running) rmSync(pinLockOf(args[args.lastIndexOf('--pin-dir') + 1] ?? ''), { force: true });
    },
  };
}
