import { join } from 'node:path';
import { BpfLink, BpfMap, BtfLayouts, readIterator } from '@sidestep/libbpf';
import type { TestDaemon } from './test-daemon.ts';

/** Has the connections visited as the daemon does, which must stand still meanwhile: so nobody looks at any program. */
export function tend({ pinDir }: TestDaemon, visits: number): void {
  using link = BpfLink.openPinned(join(pinDir, 'link_tend'));
  using connections = BpfMap.openPinned(join(pinDir, 'map_connections'));
  const { size } = BtfLayouts.fromMap(connections).struct('ss_wake');
  for (let visit = 0; visit < visits; visit++) readIterator(link, size);
}
