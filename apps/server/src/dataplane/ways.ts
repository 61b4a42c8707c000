import { type BpfObject, takesTracing } from '@sidestep/libbpf';

/** How iterators come by all our sockets: bpf/visit.bpf.h. The first one costs less. */
export const VISITS = ['by storage', 'by files'] as const;
/** Where programs are recognised by what they do: bpf/splice.bpf.c. The first one costs nothing else on the host anything. */
export const WATCHES = ['at functions', 'at system calls'] as const;

/** What is compiled in two ways, because kernels differ in what they take. */
export interface Ways {
  readonly visit: (typeof VISITS)[number];
  readonly watch: (typeof WATCHES)[number];
}

export const VISITORS = ['sidestep_tend', 'sidestep_hold'] as const;
export const WATCHERS = {
  fionread: { program: 'sidestep_fionread', kernelFunction: 'sock_ioctl', call: 'sys_enter_ioctl' },
  splice: { program: 'sidestep_splice', kernelFunction: 'tcp_splice_read', call: 'sys_enter_splice' },
} as const;

/** The better ones of those that this kernel takes. */
export function waysOfKernel(): Ways {
  const functions = Object.values(WATCHERS).map(({ kernelFunction }) => kernelFunction);
  return {
    visit: takesTracing('iterator', 'bpf_sk_storage_map') ? 'by storage' : 'by files',
    watch: functions.every((name) => takesTracing('function', name)) ? 'at functions' : 'at system calls',
  };
}

export function visitorProgram(visitor: (typeof VISITORS)[number], way: Ways['visit']): string {
  return way === 'by storage' ? visitor : `${visitor}_files`;
}

export function watcherProgram(watcher: keyof typeof WATCHERS, way: Ways['watch']): string {
  return `${WATCHERS[watcher].program}_${way === 'at functions' ? 'function' : 'call'}`;
}

/** Has the programs of the other ways passed over. */
export function leaveOutOtherWays(object: BpfObject, { visit, watch }: Ways): void {
  const otherVisits = VISITS.filter((way) => way !== visit);
  const otherWatches = WATCHES.filter((way) => way !== watch);
  for (const way of otherVisits)
    for (const visitor of VISITORS) object.leaveOut(visitorProgram(visitor, way));
  for (const way of otherWatches)
    for (const watcher of ['fionread', 'splice'] as const) object.leaveOut(watcherProgram(watcher, way));
}
