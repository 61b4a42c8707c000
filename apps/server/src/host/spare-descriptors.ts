import { closeSync, openSync } from 'node:fs';

/** A folder that is listed, a process, and a copy of what it has. */
const KEPT = 3;
const spare: number[] = [];
refill();

/** Does what must not fail for want of a descriptor, however many the rest of the daemon has open: some were kept for it. */
export function withSpareDescriptors<T>(work: () => T): T {
  for (const fd of spare.splice(0)) closeSync(fd);
  try {
    return work();
  } finally {
    refill();
  }
}

/** As many as there are: the next time there may be more. */
function refill(): void {
  try {
    while (spare.length < KEPT) spare.push(openSync('/dev/null', 'r'));
  } catch {
    // Nobody misses them now.
  }
}
