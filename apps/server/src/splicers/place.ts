import { readlinkSync } from 'node:fs';

/** What the kernel appends to the name of a file whose place another one has taken, or nobody. */
export const REPLACED = / \(deleted\)$/;

/** Where an executable is, as its process sees it. */
export interface Place {
  readonly path: string;
  /** Whether the path leads there on the host, too: in each container it may lead to another file. */
  readonly here: boolean;
}

/** The name of what the process executes, as the kernel gives it; null where it has ended. */
export function linkOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}

/** Of what the process executes, as far as that can be told without asking for the file; null where it has ended. */
export function placeOf(pid: number): Place | null {
  const link = linkOf(pid);
  try {
    return link === null ? null : { path: link.replace(REPLACED, ''), here: seesWhatWeSee(pid) };
  } catch {
    return null;
  }
}

/** Every path leads the process to where it leads us. */
export function seesWhatWeSee(pid: number | string): boolean {
  return ['ns/mnt', 'root'].every(
    (what) => readlinkSync(`/proc/${pid}/${what}`) === readlinkSync(`/proc/self/${what}`),
  );
}
