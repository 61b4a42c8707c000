import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type BpfLink, openIterator, readInBackground } from '@sidestep/libbpf';
import pLimit, { type LimitFunction } from 'p-limit';
import { PAUSE_SIZE } from './iterator.ts';
import { NetworkNamespaces } from './namespaces.ts';

/** A server is noted, its client is found, the server is taken; and each time a connection may be in the middle of something. */
const VISITS = 8;
/** A client was found at the last of them: its server is taken at the next one. Where others are found at each of these, too, somebody else goes on. */
const MOST_VISITS = 2 * VISITS;
const BETWEEN_VISITS_MS = 5;
/**
 * Threads that may be at it, of the four that this process has for what takes long: a program that keeps a socket locked keeps its visitor for as long as it likes, and files
 * are to be read meanwhile. Surveys wait for each other, and errands, which others wait for, not for them.
 */
const surveying = pLimit(1);
const onErrands = pLimit(2);

/**
 * Runs `sidestep_survey` in every network namespace until connections that were open before are known. A connection that never
 * rests in all that time is not found, and stays on TCP. Namespaces that are made meanwhile have no such connections. False where the signal aborts before that, or
 * there are always more.
 */
export async function survey(link: BpfLink, signal: AbortSignal): Promise<boolean> {
  using namespaces = new NetworkNamespaces();
  const aborted = once(signal, 'abort').then(() => null);
  let found = false;
  for (let visit = 0; visit < VISITS || (found && visit < MOST_VISITS); visit++) {
    if (visit > 0) await wait(BETWEEN_VISITS_MS);
    const visited = visitSockets(link, namespaces, surveying);
    // One that is left to itself has nobody to tell.
    visited.catch(() => {});
    const told = await Promise.race([visited, aborted]);
    if (told === null) return false;
    found = told;
  }
  return !found;
}

/** One run of `sidestep_survey` in every network namespace. True where it has found a client: its server is taken at the next one. */
export async function surveyOnce(link: BpfLink): Promise<boolean> {
  using namespaces = new NetworkNamespaces();
  return await visitSockets(link, namespaces, surveying);
}

/** One run of `sidestep_arm` in every network namespace. */
export async function runErrands(link: BpfLink): Promise<void> {
  using namespaces = new NetworkNamespaces();
  await visitSockets(link, namespaces, onErrands);
}

/** On other threads: it takes a microsecond for each socket. Whether the iterator has told of anything, where others only pause. */
async function visitSockets(
  link: BpfLink,
  namespaces: NetworkNamespaces,
  turns: LimitFunction,
): Promise<boolean> {
  const iterators = openInEach(namespaces, () => openIterator(link));
  const told = await Promise.all(
    iterators.map((iterator) => turns(() => readInBackground(iterator, PAUSE_SIZE))),
  );
  return told.some((words) => words.some((byte) => byte !== 0));
}

/** In all of them, or in none. */
function openInEach(namespaces: NetworkNamespaces, open: () => number): number[] {
  const opened: number[] = [];
  try {
    namespaces.inEach(() => opened.push(open()));
    return opened;
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}
