import { closeSync, openSync, statSync } from 'node:fs';
import { libc } from '../host/libc.ts';
import { list, processes } from './listing.ts';

const CLONE_NEWNET = 0x40000000;
const OWN = '/proc/self/ns/net';
const NAMED = '/run/netns';

const setns = libc.func('int setns(int fd, int type)');

/**
 * All network namespaces that there are when it is made, kept open: to look for them takes a `stat` for each process. One without a name and
 * without a process is not found.
 */
export class NetworkNamespaces implements Disposable {
  readonly #home = open(OWN);
  readonly #others = otherNamespaces();

  /** `act` must not wait: the whole thread is in the other namespace meanwhile. */
  inEach(act: () => void): void {
    const home = this.#home;
    if (home === null) return;
    act();
    using resources = new DisposableStack();
    resources.defer(() => {
      if (setns(home, CLONE_NEWNET) !== 0)
        throw new Error('The daemon could not return to its network namespace.');
    });
    for (const namespace of this.#others) if (setns(namespace, CLONE_NEWNET) === 0) act();
  }

  [Symbol.dispose](): void {
    if (this.#home !== null) closeSync(this.#home);
    for (const namespace of this.#others) closeSync(namespace);
  }
}

function otherNamespaces(): number[] {
  const paths = [
    ...processes().map((pid) => `/proc/${pid}/ns/net`),
    ...list(NAMED).map((name) => `${NAMED}/${name}`),
  ];
  const byInode = new Map(paths.map((path) => [inode(path), path]));
  byInode.delete(null);
  byInode.delete(inode(OWN));
  return [...byInode.values()].map(open).filter((namespace) => namespace !== null);
}

/** Null for what has gone meanwhile. */
function inode(path: string): bigint | null {
  try {
    return statSync(path, { bigint: true }).ino;
  } catch {
    return null;
  }
}

function open(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}
