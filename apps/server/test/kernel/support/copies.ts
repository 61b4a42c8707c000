import { readdirSync, readlinkSync } from 'node:fs';
import { close, copyDescriptor, openProcess } from '../../../src/host/pidfd.ts';

/** Two descriptors more for each socket of a process, in this one. Disposing closes them. */
export function copySockets(pid: number): Disposable & { readonly count: number } {
  const dir = `/proc/${pid}/fd`;
  const sockets = readdirSync(dir).filter((fd) => readlinkSync(`${dir}/${fd}`).startsWith('socket:'));
  const process = checked(openProcess(pid));
  const copies = sockets.flatMap((fd) => [1, 2].map(() => checked(copyDescriptor(process, Number(fd)))));
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
