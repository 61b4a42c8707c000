import { readdirSync, readlinkSync } from 'node:fs';
import koffi from 'koffi';

const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const SOL_SOCKET = 1;
const SO_RCVLOWAT = 18;
const SO_COOKIE = 57;

const libc = koffi.load('libc.so.6');
const syscall = libc.func('long syscall(long number, long a, long b, long c)');
const getsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *size)',
);
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t size)');
const close = libc.func('int close(int fd)');

/** A socket whose reader may wait although bytes are there. `pid` is where to look first; 0 when it is not known. */
export interface SleepingReader {
  readonly cookie: bigint;
  /** Of its file, as `/proc/PID/fd` shows it. */
  readonly inode: bigint;
  readonly pid: number;
}

/**
 * Makes the kernel tell the socket's reader again that bytes wait, by setting SO_RCVLOWAT to what it already is: that is the one
 * call that signals a socket without changing anything. False when no process has the socket (any more).
 */
export function wake(reader: SleepingReader): boolean {
  if (reader.pid !== 0 && wakeIn(reader.pid, reader)) return true;
  return processes().some((other) => other !== reader.pid && wakeIn(other, reader));
}

function wakeIn(pid: number, { cookie, inode }: SleepingReader): boolean {
  const candidates = descriptorsOf(pid, inode);
  if (candidates.length === 0) return false;
  const process = syscall(SYS_PIDFD_OPEN, pid, 0, 0) as number;
  if (process < 0) return false;
  try {
    return candidates.some((fd) => {
      const copy = syscall(SYS_PIDFD_GETFD, process, fd, 0) as number;
      if (copy < 0) return false;
      try {
        return cookieOf(copy) === cookie && signal(copy);
      } finally {
        close(copy);
      }
    });
  } finally {
    close(process);
  }
}

function signal(fd: number): boolean {
  const mark = option(fd, SO_RCVLOWAT, 4);
  return mark !== null && setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, mark, mark.length) === 0;
}

function cookieOf(fd: number): bigint | null {
  return option(fd, SO_COOKIE, 8)?.readBigUInt64LE() ?? null;
}

function option(fd: number, name: number, size: number): Buffer | null {
  const value = Buffer.alloc(size);
  return getsockopt(fd, SOL_SOCKET, name, value, [size]) === 0 ? value : null;
}

/** A process and its descriptors may end at any moment, so what cannot be read has ended. */
function descriptorsOf(pid: number, inode: bigint): number[] {
  const dir = `/proc/${pid}/fd`;
  return list(dir)
    .filter((fd) => linkOf(`${dir}/${fd}`) === `socket:[${inode}]`)
    .map(Number);
}

function processes(): number[] {
  return list('/proc').map(Number).filter(Number.isInteger);
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
