import { readdirSync, readlinkSync } from 'node:fs';
import { libc } from '../../../src/host/libc.ts';

const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;

const syscall = libc.func('long syscall(long number, long a, long b, long c)');
const close = libc.func('int close(int fd)');

/** Two descriptors more for each socket of a process, in this one. Disposing closes them. */
export function copySockets(pid: number): Disposable & { readonly count: number } {
  const dir = `/proc/${pid}/fd`;
  const sockets = readdirSync(dir).filter((fd) => readlinkSync(`${dir}/${fd}`).startsWith('socket:'));
  const process = checked(syscall(SYS_PIDFD_OPEN, pid, 0, 0));
  const copies = sockets.flatMap((fd) =>
    [1, 2].map(() => checked(syscall(SYS_PIDFD_GETFD, process, Number(fd), 0))),
  );
  close(process);
  return {
    count: copies.length,
    [Symbol.dispose]: () => {
      for (const copy of copies) close(copy);
    },
  };
}

function checked(fd: number): number {
  if (fd < 0) throw new Error('The kernel refused a copy of a descriptor.');
  return fd;
}
