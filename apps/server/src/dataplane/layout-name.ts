import { createHash } from 'node:crypto';
import type { BtfLayouts } from '@sidestep/libbpf';

/** What user space reads from the kernel or writes into it. */
const SHARED = [
  'ss_config',
  'ss_connection',
  'ss_event',
  'ss_totals',
  'ss_census',
  'ss_wake',
  'ss_executable',
  'ss_splicer',
  'ss_hold',
];

/** The same for objects that a daemon can take over from each other: it names every field, its place and its size. */
export function layoutName(layouts: BtfLayouts): string {
  const described = SHARED.map((name) =>
    JSON.stringify(layouts.struct(name), (_, value) => (value instanceof Map ? [...value] : value)),
  );
  return createHash('sha256').update(described.join('\n')).digest('hex').slice(0, 16);
}
