import { libc } from '../host/libc.ts';
import { close, copyDescriptor, openProcess } from '../host/pidfd.ts';
import { withSpareDescriptors } from '../host/spare-descriptors.ts';
import type { Descriptors } from './descriptors.ts';

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
export function borrow(socket: SocketName, descriptors: Descriptors, act: (fd: number) => boolean): boolean {
  return withSpareDescriptors(() => {
    for (const { pid, fds } of descriptors.of(socket.pid, socket.inode))
      if (borrowFrom(pid, fds, socket, act)) return true;
    return false;
  });
}

/** The value of a socket option; null when the kernel refuses. */
export function socketOption(fd: number, level: number, name: number, size: number): Buffer | null {
  const value = Buffer.alloc(size);
  return getsockopt(fd, level, name, value, [size]) === 0 ? value : null;
}

/** A descriptor may have become another socket's. */
function borrowFrom(
  pid: number,
  fds: readonly number[],
  { cookie }: SocketName,
  act: (fd: number) => boolean,
): boolean {
  const process = openProcess(pid);
  if (process < 0) return false;
  try {
    return fds.some((fd) => {
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
