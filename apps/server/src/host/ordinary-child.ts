import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { raisedPriority } from './priority.ts';

/**
 * Like `spawn`, and the process has the priority of any other, whatever we have given ourselves. Where no descriptor is left it has no pipes, and its
 * `error` event, which ends the daemon if nobody listens to it, comes in the next turn.
 */
export function spawnOrdinary(
  command: string,
  args: readonly string[],
  options: Omit<SpawnOptions, 'detached'>,
): ChildProcess {
  const { threads, session } = raisedPriority();
  // A session of its own has an ordinary priority.
  const child = spawn(command, args, { ...options, detached: session });
  // Now, not before: `spawn` waits until it executes its file, and an ordinary thread would wait for long on a busy host.
  if (threads && child.pid !== undefined) lower(child.pid);
  return child;
}

function lower(pid: number): void {
  try {
    // Its first thread comes first: those that this one starts from now on follow it.
    setPriority(pid, 0);
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), 0);
  } catch {
    // It has ended; or no descriptor is left to list its other threads, of which it hardly has any yet.
  }
}
