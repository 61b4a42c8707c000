import type { Probe } from '../probe.ts';
import { connections } from './connections.ts';
import { loading } from './loading.ts';
import { redirecting } from './redirecting.ts';
import { watching } from './watching.ts';

/** Everything that the bypass needs of a kernel, in the order in which it is shown. */
export const PROBES: readonly Probe[] = [...loading, ...connections, ...redirecting, ...watching];
