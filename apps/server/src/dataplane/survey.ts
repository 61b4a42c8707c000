import { closeSync } from 'node:fs';
import { type BpfLink, openIterator, readInBackground } from '@sidestep/libbpf';
import pLimit from 'p-limit';
import { PAUSE_SIZE } from './iterator.ts';
import { NetworkNamespaces } from './namespaces.ts';

/**
 * Threads that may be at it, of the four that this process has for what takes long: a program that keeps a socket locked keeps its visitor for as long as it likes, and files
 * are to be read meanwhile.
 */
const MOST_AT_ONCE = 2;
const inTurn = pLimit(MOST_AT_ONCE);

/** One run of an iterator over TCP sockets in every network namespace, on other threads: it takes a microsecond for each socket. */
export async function visitAllSockets(link: BpfLink): Promise<void> {
  const iterators = inEveryNamespace(() => openIterator(link));
  await Promise.all(iterators.map((iterator) => inTurn(() => readInBackground(iterator, PAUSE_SIZE))));
}

function inEveryNamespace(open: () => number): number[] {
  using namespaces = new NetworkNamespaces();
  const opened: number[] = [];
  try {
    namespaces.inEach(() => opened.push(open()));
    return opened;
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}
