import { libc } from './libc.ts';

const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;

const syscall = libc.func('long syscall(long number, long a, long b, long c)');
export const close = libc.func('int close(int fd)') as (fd: number) => number;

/** A descriptor of a process; negative when it has ended, or the kernel refuses. */
export function openProcess(pid: number): number {
  return syscall(SYS_PIDFD_OPEN, pid, 0, 0) as number;
}

/** A copy of what the process of `openProcess` has as `fd`; negative when it has nothing there, or the kernel refuses. */
export function copyDescriptor(process: number, fd: number): number {
  return syscall(SYS_PIDFD_GETFD, process, fd, 0) as number;
}
