import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Names that a run time gives to its main thread, and so to all of its programs: Node's. */
const SAYS_NOTHING = new Set(['MainThread', 'node-MainThread']);
const MOST_NAMES = 10_000;

const names = new Map<number, string>();

/** The kernel's name of a process, or that of its executable where the kernel's says nothing. Remembered, for the process may be gone next time. */
export function programName({ pid, comm }: { readonly pid: number; readonly comm: string }): string {
  if (!SAYS_NOTHING.has(comm)) return comm;
  const known = names.get(pid);
  if (known !== undefined) return known;
  if (names.size >= MOST_NAMES) names.clear();
  const name = executable(pid) ?? comm;
  names.set(pid, name);
  return name;
}

function executable(pid: number): string | null {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return null;
  }
}
