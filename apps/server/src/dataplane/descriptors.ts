import { readlinkSync } from 'node:fs';
import { list, processes } from './listing.ts';

/** What a process has for one socket. */
interface Held {
  readonly pid: number;
  readonly fds: readonly number[];
}

/** By what `/proc/PID/fd` shows for the socket. */
type Sockets = ReadonlyMap<string, Held>;

/**
 * Which descriptors processes have for their sockets. Each process is read once, for a pass over the sockets of one would read all of its
 * descriptors for each of them. What has changed since is not seen: make one for each pass, and look whether a descriptor still is what was asked for.
 */
export class Descriptors {
  readonly #byProcess = new Map<number, Sockets>();
  #everywhere: ReadonlyMap<string, readonly Held[]> | null = null;

  /** Those of the process that is named come first; 0 names none. Others are looked for only by whoever goes on. */
  *of(pid: number, inode: bigint): Iterable<Held> {
    const socket = `${SOCKET}${inode}]`;
    const own = pid === 0 ? undefined : this.#of(pid).get(socket);
    if (own) yield own;
    this.#everywhere ??= this.#findAll();
    for (const held of this.#everywhere.get(socket) ?? []) if (held.pid !== pid) yield held;
  }

  #of(pid: number): Sockets {
    const known = this.#byProcess.get(pid) ?? socketsOf(pid);
    this.#byProcess.set(pid, known);
    return known;
  }

  #findAll(): ReadonlyMap<string, readonly Held[]> {
    const all = new Map<string, Held[]>();
    for (const pid of processes()) for (const [socket, held] of this.#of(pid)) append(all, socket, held);
    return all;
  }
}

const SOCKET = 'socket:[';

/** A process and its descriptors may end at any moment, so what cannot be read has ended. */
function socketsOf(pid: number): Sockets {
  const dir = `/proc/${pid}/fd`;
  const found = new Map<string, number[]>();
  for (const fd of list(dir)) {
    const target = linkOf(`${dir}/${fd}`);
    if (target.startsWith(SOCKET)) append(found, target, Number(fd));
  }
  return new Map([...found].map(([socket, fds]) => [socket, { pid, fds }]));
}

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
