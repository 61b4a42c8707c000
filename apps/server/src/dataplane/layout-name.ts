import { createHash } from 'node:crypto';
import type { BtfLayouts } from '@sidestep/libbpf';

/** What is kept in pinned maps, and what user space reads from the iterators. */
const STRUCTS = [
  'ss_config',
  'ss_connection',
  'ss_event',
  'ss_totals',
  'ss_census',
  'ss_wake',
  'ss_executable',
  'ss_splicer',
  'ss_program',
  'ss_pair',
  'ss_race',
  'ss_hold',
  'flow',
  'process',
  'place',
  'syn',
  'isn_pair',
  'crowd',
];

/** What the numbers in them mean. */
const ENUMS = ['ss_records', 'ss_state', 'ss_reason', 'ss_event_kind', 'ss_examined'];

/** The same for programs that can work on each other's maps: it names every field, its place and its size. */
export function layoutName(layouts: BtfLayouts): string {
  const described = [
    ...STRUCTS.map((name) => json(layouts.struct(name))),
    ...ENUMS.map((name) => json(layouts.enum(name))),
  ];
  return createHash('sha256').update(described.join('\n')).digest('hex').slice(0, 16);
}

function json(layout: unknown): string {
  return JSON.stringify(layout, (_, value) => (value instanceof Map ? [...value] : value));
}
