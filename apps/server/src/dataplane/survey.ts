import { setTimeout as wait } from 'node:timers/promises';
import { type BpfLink, openIterator, readInBackground } from '@sidestep/libbpf';
import { PAUSE_SIZE } from './iterator.ts';
import { NetworkNamespaces } from './namespaces.ts';

/** A server is noted, its client is found, the server is taken; and each time a connection may be in the middle of something. */
const VISITS = 8;
const BETWEEN_VISITS_MS = 5;

/**
 * Runs `sidestep_survey` in every network namespace until connections that were open before are known. A connection that never
 * rests in all that time is not found, and stays on TCP. Namespaces that are made meanwhile have no such connections.
 */
export async function survey(link: BpfLink): Promise<void> {
  using namespaces = new NetworkNamespaces();
  for (let visit = 0; visit < VISITS; visit++) {
    if (visit > 0) await wait(BETWEEN_VISITS_MS);
    await visitSockets(link, namespaces);
  }
}

/** One run of an iterator over TCP sockets in every network namespace. */
export async function visitAllSockets(link: BpfLink): Promise<void> {
  using namespaces = new NetworkNamespaces();
  await visitSockets(link, namespaces);
}

/** On other threads: it takes a microsecond for each socket. */
async function visitSockets(link: BpfLink, namespaces: NetworkNamespaces): Promise<void> {
  const iterators: number[] = [];
  namespaces.inEach(() => iterators.push(openIterator(link)));
  await Promise.all(iterators.map((iterator) => readInBackground(iterator, PAUSE_SIZE)));
}
