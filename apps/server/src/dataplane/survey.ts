import { closeSync, openSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type BpfLink, openIterator, readInBackground } from '@sidestep/libbpf';
import { libc } from '../host/libc.ts';
import { PAUSE_SIZE } from './iterator.ts';
import { list, processes } from './listing.ts';

const CLONE_NEWNET = 0x40000000;
const OWN = '/proc/self/ns/net';
const NAMED = '/run/netns';
/** A server is noted, its client is found, the server is taken; and each time a connection may be in the middle of something. */
const VISITS = 8;
const BETWEEN_VISITS_MS = 5;

const setns = libc.func('int setns(int fd, int type)');

/**
 * Runs `sidestep_survey` in every network namespace until connections that were open before are known. A connection that never
 * rests in all that time is not found, and stays on TCP.
 */
export async function survey(link: BpfLink): Promise<void> {
  for (let visit = 0; visit < VISITS; visit++) {
    if (visit > 0) await wait(BETWEEN_VISITS_MS);
    await visitAllSockets(link);
  }
}

/** One run of an iterator over TCP sockets in every network namespace, on other threads: it takes a microsecond for each socket. */
export async function visitAllSockets(link: BpfLink): Promise<void> {
  const iterators: number[] = [];
  inEachNamespace(() => iterators.push(openIterator(link)));
  await Promise.all(iterators.map((iterator) => readInBackground(iterator, PAUSE_SIZE)));
}

/** `act` must not wait: the whole thread is in the other namespace meanwhile. */
function inEachNamespace(act: () => void): void {
  using resources = new DisposableStack();
  const home = open(OWN);
  if (home === null) return;
  resources.defer(() => closeSync(home));
  act();
  resources.defer(() => {
    if (setns(home, CLONE_NEWNET) !== 0)
      throw new Error('The daemon could not return to its network namespace.');
  });
  for (const path of otherNamespaces()) {
    const namespace = open(path);
    if (namespace === null) continue;
    try {
      if (setns(namespace, CLONE_NEWNET) === 0) act();
    } finally {
      closeSync(namespace);
    }
  }
}

/** One path each. A namespace without a name and without a process is not found. */
function otherNamespaces(): Iterable<string> {
  const paths = [
    ...processes().map((pid) => `/proc/${pid}/ns/net`),
    ...list(NAMED).map((name) => `${NAMED}/${name}`),
  ];
  const byInode = new Map(paths.map((path) => [inode(path), path]));
  byInode.delete(null);
  byInode.delete(inode(OWN));
  return byInode.values();
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
