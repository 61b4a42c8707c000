import { BpfError, type BpfLink, BpfObject } from '@sidestep/libbpf';

/** How iterators come by all our sockets: bpf/visit.bpf.h. */
export type Way = 'by storage' | 'by files';

/** Iterators that are compiled both ways. */
const VISITORS = ['sidestep_tend', 'sidestep_look', 'sidestep_hold'] as const;
export type Visitor = (typeof VISITORS)[number];

export interface Loaded {
  readonly object: BpfObject;
  readonly way: Way;
}

/**
 * Loads the programs with the iterators that this kernel takes: it may refuse those over what is in a map with EPERM, whoever asks. `prepare` is
 * called for each object that is tried. Throws what the kernel says to the first way, when it refuses both.
 */
export function loadEitherWay(objectPath: string, prepare: (opened: BpfObject) => void): Loaded {
  try {
    return loadOneWay(objectPath, 'by storage', prepare);
  } catch (error) {
    if (!(error instanceof BpfError) || error.code !== 'EPERM') throw error;
    try {
      return loadOneWay(objectPath, 'by files', prepare);
    } catch {
      throw error;
    }
  }
}

export function attachVisitor(object: BpfObject, visitor: Visitor, way: Way): BpfLink {
  const target = way === 'by storage' ? { mapFd: object.map('flows').fd } : {};
  return object.program(programOf(visitor, way)).attachIterator(target);
}

function loadOneWay(objectPath: string, way: Way, prepare: (opened: BpfObject) => void): Loaded {
  using resources = new DisposableStack();
  const object = resources.use(BpfObject.open(objectPath));
  const other: Way = way === 'by storage' ? 'by files' : 'by storage';
  for (const visitor of VISITORS) object.leaveOut(programOf(visitor, other));
  prepare(object);
  object.load();
  resources.move();
  return { object, way };
}

function programOf(visitor: Visitor, way: Way): string {
  return way === 'by storage' ? visitor : `${visitor}_files`;
}
