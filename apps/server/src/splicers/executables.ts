import { readFileSync, readlinkSync, statSync } from 'node:fs';
import type { Executable } from '../dataplane/dataplane.ts';

/** How executables are found on this host. */
export interface Executables {
  /** Device numbers hold until the host boots again. */
  readonly boot: string;
  /** The path of what the process executes, as the process sees it; null unless that is the file which is meant. */
  pathOf(pid: number, executable: Executable): string | null;
  /** The file at the path; null when there is none. */
  at(path: string): Executable | null;
}

const REPLACED = / \(deleted\)$/;

export function hostExecutables(): Executables {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pathOf: (pid, { inode }) => {
      const link = `/proc/${pid}/exe`;
      return (
        orNull(() => (statSync(link, { bigint: true }).ino === inode ? readlinkSync(link) : null))?.replace(
          REPLACED,
          '',
        ) ?? null
      );
    },
    at: (path) => {
      const file = orNull(() => statSync(path, { bigint: true }));
      return file && { device: kernelDevice(file.dev), inode: file.ino };
    },
  };
}

/** The C library spreads major and minor number over 64 bits; the kernel keeps 12 and 20 bits. */
function kernelDevice(device: bigint): bigint {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn);
  return (major << 20n) | minor;
}

/** A process may end and a file may go at any moment. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
