import { readdirSync, readFileSync } from 'node:fs';

const SAMPLE_MS = 100;
/** Linux's USER_HZ, the same on every architecture that Sidestep runs on. */
const TICKS_PER_SECOND = 100;

/** Bytes of memory that the process has resident. */
export function residentOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

export function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Seconds of processor time that the process has used. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Watches what a process takes while something happens. */
export class DaemonWatch implements Disposable {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #peak: number;
  #since = performance.now();
  #cpuBefore: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#peak = residentOf(pid);
    this.#cpuBefore = cpuSecondsOf(pid);
    this.#timer = setInterval(() => {
      this.#peak = Math.max(this.#peak, residentOf(pid));
    }, SAMPLE_MS);
  }

  /** The highest resident memory in bytes, and the share of a processor, since this began or was last asked. */
  take(): { peakBytes: number; cpuShare: number } {
    const now = performance.now();
    const cpu = cpuSecondsOf(this.#pid);
    const taken = {
      peakBytes: Math.max(this.#peak, residentOf(this.#pid)),
      cpuShare: (cpu - this.#cpuBefore) / ((now - this.#since) / 1000),
    };
    this.#peak = residentOf(this.#pid);
    [this.#since, this.#cpuBefore] = [now, cpu];
    return taken;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
