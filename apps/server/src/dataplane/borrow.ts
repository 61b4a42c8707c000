import { readlinkSync } from 'node:fs';
import { libc } from '../host/libc.ts';
import { list, processes } from './listing.ts';

const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
export const SOL_SOCKET = 1;
const SO_COOKIE = 57;

const syscall = libc.func('long syscall(long number, long a, long b, long c)');
const getsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *size)',
);
const close = libc.func('int close(int fd)');

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
  if (socket.pid !== 0 && borrowFrom(socket.pid, socket, act)) return true;
  return processes().some((other) => other !== socket.pid && borrowFrom(other, socket, act));
}

/** The value of a socket option; null when the kernel refuses. */
export function socketOption(fd: number, level: number, name: number, size: number): Buffer | null {
  const value = Buffer.alloc(size);
  return getsockopt(fd, level, name, value, [size]) === 0 ? value : null;
}

function borrowFrom(pid: number, { cookie, inode }: SocketName, act: (fd: number) => boolean): boolean {
  const candidates = descriptorsOf(pid, inode);
  if (candidates.length === 0) return false;
  const process = syscall(SYS_PIDFD_OPEN, pid, 0, 0) as number;
  if (process < 0) return false;
  try {
    return candidates.some((fd) => {
      const copy = syscall(SYS_PIDFD_GETFD, process, fd, 0) as number;
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
