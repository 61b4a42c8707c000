import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BpfObject } from '@sidestep/libbpf';

const OBJECT = fileURLToPath(new URL('../build/careless.o', import.meta.url));

/** Attaches a program to a cgroup that takes no care of what others of the same cgroup have asked to be called for. Disposing detaches it. */
export function attachCareless(cgroup: string): Disposable {
  using resources = new DisposableStack();
  const object = resources.use(BpfObject.open(OBJECT));
  object.load();
  const cgroupFd = openSync(cgroup, 'r');
  try {
    resources.use(object.program('careless_sockops').attachCgroup(cgroupFd));
  } finally {
    closeSync(cgroupFd);
  }
  return resources.move();
}
