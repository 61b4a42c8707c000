import type { Probe } from '../probe.ts';
import { connections } from './connections.ts';
import { loading } from './loading.ts';
import { redirecting } from './redirecting.ts';
import { watching } from './watching.ts';

/**
 * Everything that the bypass needs of a kernel, in the order in which it is shown. `maxConnections` is how many connections the table is to
 * have room for; null: as many as the programs say themselves.
 */
export function probesFor(maxConnections: number | null): readonly Probe[] {
  return [...loading(maxConnections), ...connections, ...redirecting, ...watching];
}
