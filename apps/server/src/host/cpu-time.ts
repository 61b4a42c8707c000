import { readdirSync, readFileSync } from 'node:fs';

const NS_PER_MS = 1e6;

/** Milliseconds for which the threads of a process have run on a processor; null when it has gone, or the kernel does not say. */
export function cpuTime(pid: number): number | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ran = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return ran.reduce((sum, ns) => sum + ns, 0) / NS_PER_MS;
  } catch {
    return null;
  }
}
