import { readlinkSync } from 'node:fs';
import { libc } from '../host/libc.ts';
import { close, copyDescriptor, openProcess } from '../host/pidfd.ts';
import { withSpareDescriptors } from '../host/spare-descriptors.ts';
import { list, processes } from './listing.ts';

export const SOL_SOCKET = 1;
const SO_COOKIE = 57;

const getsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *size)',
);

/** A socket of some process, as the kernel names it. */
export interface SocketName {
  readonly cookie: bigint;
  /** Of its file, as `/proc/PID/fd` shows it. */
  readonly inode: bigint;
  /** Where to look first; 0 when it is not known. */
  readonly pid: number;
}

/**
 * Calls `act` with a duplicate of the socket's descriptor, whichever process and network namespace it is in. False when no process has
 * the socket (any more), or when `act` says so.
 */
export function borrow(socket: SocketName, act: (fd: number) => boolean): boolean {
  return withSpareDescriptors(() => {
    if (socket.pid !== 0 && borrowFrom(socket.pid, socket, act)) return true;
    return processes().some((other) => other !== socket.pid && borrowFrom(other, socket, act));
  });
}

/** The value of a socket option; null when the kernel refuses. */
export function socketOption(fd: number, level: number, name: number, size: number): Buffer | null {
  const value = Buffer.alloc(size);
  return getsockopt(fd, level, name, value, [size]) === 0 ? value : null;
}

function borrowFrom(pid: number, { cookie, inode }: SocketName, act: (fd: number) => boolean): boolean {
  const candidates = descriptorsOf(pid, inode);
  if (candidates.length === 0) return false;
  const process = openProcess(pid);
  if (process < 0) return false;
  try {
    return candidates.some((fd) => {
      const copy = copyDescriptor(process, fd);
      if (copy < 0) return false;
      try {
        return socketOption(copy, SOL_SOCKET, SO_COOKIE, 8)?.readBigUInt64LE() === cookie && act(copy);
      } finally {
        close(copy);
      }
    });
  } finally {
    close(process);
  }
}

/** A process and its descriptors may end at any moment, so what cannot be read has ended. */
function descriptorsOf(pid: number, inode: bigint): number[] {
  const dir = `/proc/${pid}/fd`;
  return list(dir)
    .filter((fd) => linkOf(`${dir}/${fd}`) === `socket:[${inode}]`)
    .map(Number);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
