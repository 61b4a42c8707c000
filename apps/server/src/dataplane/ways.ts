import { BpfError, type BpfLink, type BpfObject, KernelTypes } from '@sidestep/libbpf';
import { TRACE_LINKS } from './pin-names.ts';

/** How iterators come by all our sockets: bpf/visit.bpf.h. The first one costs less. */
export const VISITS = ['by storage', 'by files'] as const;
/** Where programs are recognised by what they do: bpf/splice.bpf.c. The first one costs nothing else on the host anything. */
export const WATCHES = ['at functions', 'at system calls'] as const;

/** What is compiled in two ways, because kernels differ in what they take. */
export interface Ways {
  readonly visit: (typeof VISITS)[number];
  readonly watch: (typeof WATCHES)[number];
}

const VISITORS = ['tend', 'hold'] as const;
type Visitor = (typeof VISITORS)[number];
type Watcher = (typeof TRACE_LINKS)[number];

const WATCHED: Readonly<Record<Watcher, { kernelFunction: string; call: string }>> = {
  fionread: { kernelFunction: 'sock_ioctl', call: 'sys_enter_ioctl' },
  splice: { kernelFunction: 'tcp_splice_read', call: 'sys_enter_splice' },
};

/** The better ones of those that this kernel takes. */
export function waysOfKernel(): Ways {
  using kernel = new KernelTypes();
  const functions = Object.values(WATCHED).map(({ kernelFunction }) => kernelFunction);
  return {
    visit: kernel.takesTracing('iterator', 'bpf_sk_storage_map') ? 'by storage' : 'by files',
    watch: functions.every((name) => kernel.takesTracing('function', name))
      ? 'at functions'
      : 'at system calls',
  };
}

/** Has passed over what this kernel does not take, or is not to be asked for. At system calls programs load on every kernel. */
export function leaveOutOtherWays(object: BpfObject, { visit, watch }: Ways): void {
  for (const way of VISITS.filter((other) => other !== visit))
    for (const visitor of VISITORS) object.leaveOut(visitorProgram(visitor, way));
  if (watch === 'at system calls')
    for (const watcher of TRACE_LINKS) object.leaveOut(watcherProgram(watcher, 'at functions'));
}

export function attachVisitor(object: BpfObject, visitor: Visitor, way: Ways['visit']): BpfLink {
  const target = way === 'by storage' ? { mapFd: object.map('flows').fd } : {};
  return object.program(visitorProgram(visitor, way)).attachIterator(target);
}

/** At its function; at its system call, too, where a kernel has loaded what it then cannot attach. */
export function attachWatcher(object: BpfObject, watcher: Watcher, way: Ways['watch']): BpfLink {
  if (way === 'at functions') {
    try {
      return object.program(watcherProgram(watcher, way)).attachFunction();
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
    }
  }
  const program = object.program(watcherProgram(watcher, 'at system calls'));
  return program.attachTracepoint('syscalls', WATCHED[watcher].call);
}

function visitorProgram(visitor: Visitor, way: Ways['visit']): string {
  return `sidestep_${visitor}${way === 'by storage' ? '' : '_files'}`;
}

function watcherProgram(watcher: Watcher, way: Ways['watch']): string {
  return `sidestep_${watcher}_${way === 'at functions' ? 'function' : 'call'}`;
}
