import { readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** What `statfs` calls the file systems that Sidestep needs (linux/magic.h). */
export const MAGIC = { bpf: 0xcafe4a11, cgroup1: 0x27e0eb, cgroup2: 0x63677270 } as const;

/** The type of the file system that holds the path; null when there is no such path. */
export function filesystemAt(path: string): number | null {
  try {
    return statfsSync(path).type;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The type of the file system that would hold the path if it were made. */
export function filesystemFor(path: string): number | null {
  const type = filesystemAt(path);
  return type === null && path !== dirname(path) ? filesystemFor(dirname(path)) : type;
}

/** The root of the cgroup v2 tree, wherever it is mounted; null when it is not. */
export function findCgroupRoot(
  mountinfo: string = readFileSync('/proc/self/mountinfo', 'utf8'),
): string | null {
  for (const line of mountinfo.split('\n')) {
    const [mount = '', filesystem = ''] = line.split(' - ');
    const [, , , root, point] = mount.split(' ');
    if (filesystem.startsWith('cgroup2 ') && root === '/' && point) return unescapeOctal(point);
  }
  return null;
}

/** Spaces and the like stand as octal numbers in mountinfo. */
function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
