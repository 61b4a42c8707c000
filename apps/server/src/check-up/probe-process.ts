import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { spawnOrdinary } from '../host/ordinary-child.ts';
import { type Answer, type Ask, answerSchema } from './answer.ts';
import { ScratchCgroup } from './scratch-cgroup.ts';

export interface ProbePaths {
  /** Of the probe process: bpf/build/sidestep-probe. */
  readonly process: string;
  /** Of its programs for the kernel: bpf/build/probe.o. */
  readonly object: string;
  /** Of the data plane: bpf/build/sidestep.o. */
  readonly programs: string;
}

/** Asks a process of its own, so that nothing that a probe does or meets can reach the daemon. It ends with the daemon, however that ends. */
export function askProcess(paths: ProbePaths): Ask {
  return async function* (requests, signal) {
    await using cgroup = new ScratchCgroup();
    const child = spawnOrdinary(paths.process, [paths.object, paths.programs, cgroup.path, ...requests], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    });
    const ended = endOf(child);
    // Looked at when its last line has come.
    ended.catch(() => {});
    if (child.stdout) for await (const line of createInterface({ input: child.stdout })) yield parse(line);
    await ended;
  };
}

/** Rejects when it could not be started, or said something on standard error. */
async function endOf(child: ChildProcess): Promise<void> {
  let errors = '';
  child.stderr?.on('data', (data) => {
    errors += data;
  });
  await once(child, 'close');
  if (errors !== '') throw new Error(errors.trim());
}

function parse(line: string): Answer {
  return answerSchema.parse(JSON.parse(line));
}
