import { readdirSync, readFileSync } from 'node:fs';

/** How many threads of the process sleep in that function of the kernel. */
export function threadsAsleepIn(pid: number, kernelFunction: string): number {
  const waits = readdirSync(`/proc/${pid}/task`).map((id) => `/proc/${pid}/task/${id}/wchan`);
  return waits.filter((path) => readFileSync(path, 'utf8') === kernelFunction).length;
}
