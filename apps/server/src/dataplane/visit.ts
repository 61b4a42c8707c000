import { BpfError, type BpfLink, BpfObject } from '@sidestep/libbpf';

/** How iterators come by all our sockets: bpf/visit.bpf.h. */
export type Way = 'by storage' | 'by files';

/** The first one costs less. */
export const WAYS: readonly Way[] = ['by storage', 'by files'];

/** Iterators that are compiled both ways. */
const VISITORS = ['sidestep_tend', 'sidestep_hold'] as const;
export type Visitor = (typeof VISITORS)[number];

export interface Loaded {
  readonly object: BpfObject;
  readonly way: Way;
}

/**
 * Loads the programs with the iterators that this kernel takes, trying one way after the other: it may refuse those over what is in a map with
 * EPERM, whoever asks. `prepare` is called for each object that is tried. Throws what the kernel says to the last one that was tried.
 */
export function loadEitherWay(
  objectPath: string,
  [way, ...others]: readonly Way[],
  prepare: (opened: BpfObject) => void,
): Loaded {
  if (way === undefined) throw new Error('There is no way to visit sockets.');
  try {
    return loadOneWay(objectPath, way, prepare);
  } catch (error) {
    if (others.length === 0 || !(error instanceof BpfError) || error.code !== 'EPERM') throw error;
  }
  return loadEitherWay(objectPath, others, prepare);
}

export function attachVisitor(object: BpfObject, visitor: Visitor, way: Way): BpfLink {
  const target = way === 'by storage' ? { mapFd: object.map('flows').fd } : {};
  return object.program(programOf(visitor, way)).attachIterator(target);
}

function loadOneWay(objectPath: string, way: Way, prepare: (opened: BpfObject) => void): Loaded {
  using resources = new DisposableStack();
  const object = resources.use(BpfObject.open(objectPath));
  for (const other of WAYS.filter((one) => one !== way))
    for (const visitor of VISITORS) object.leaveOut(programOf(visitor, other));
  prepare(object);
  object.load();
  resources.move();
  return { object, way };
}

function programOf(visitor: Visitor, way: Way): string {
  return way === 'by storage' ? visitor : `${visitor}_files`;
}
