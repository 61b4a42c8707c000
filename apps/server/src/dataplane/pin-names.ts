import type { BpfLink } from '@sidestep/libbpf';

/**
 * What the daemon itself works with: every version has these. Names in the pin folder, and in the object; bpffs allows no dots, so the sections of
 * variables lose theirs.
 */
export const MAPS = {
  socks: 'socks',
  connections: 'connections',
  askers: 'fionread_askers',
  splicers: 'splicers',
  events: 'events',
  totals: 'totals',
  config: '.data.config',
  attention: '.data.attention',
  census: '.data.census',
} as const;

/** What another version may not have; all but `cheaper`, `attended` and `programs` only the programs work with, among each other. */
export const SHARED_MAPS = {
  flows: 'flows',
  short_cuts: 'short_cuts',
  free_slots: 'free_slots',
  pending: 'pending',
  syns: 'syns',
  listeners: 'listeners',
  cheaper: 'cheaper_on_tcp',
  attended: '.data.attended',
  programs: 'programs',
  races: 'races',
  slots: '.data.slots',
  crowd: '.data.crowd',
} as const;

export const ALL_MAPS = { ...MAPS, ...SHARED_MAPS } as const;

/** The iterators, which the daemon runs. */
export const LINKS = ['tend', 'look', 'hold', 'arm'] as const;

/** What the kernel calls, besides the cgroup's program: another version may have others. */
export const TRACE_LINKS = ['fionread', 'splice'] as const;

export const PROGRAMS = { verdict: 'sidestep_verdict', sockops: 'sidestep_sockops' } as const;

export type MapName = keyof typeof MAPS;
export type AnyMapName = keyof typeof ALL_MAPS;
export type LinkName = (typeof LINKS)[number];
export type ProgramName = keyof typeof PROGRAMS;
/** Those that are there before the cgroup's. */
export type EarlyLinks = Readonly<Record<LinkName | (typeof TRACE_LINKS)[number], BpfLink>>;

/** What stands in the folder beside the pins: two names that say who can take over, and how. */
export interface Marks {
  readonly layout: string;
  readonly build: string;
}

export const mapFile = (name: AnyMapName) => `map_${name}`;
export const linkFile = (name: keyof EarlyLinks) => `link_${name}`;
export const programFile = (name: ProgramName) => `program_${name}`;
export const layoutFile = (layout: string) => `layout_${layout}`;
export const buildFile = (build: string) => `build_${build}`;
export const SOCKOPS = 'link_sockops';
export const SURVEY = 'link_survey';

export function entriesOf<Name extends string, T>(items: Readonly<Record<Name, T>>): [Name, T][] {
  return Object.entries(items) as [Name, T][];
}

export function namesOf<Name extends string>(items: Readonly<Partial<Record<Name, unknown>>>): Name[] {
  return Object.keys(items) as Name[];
}

export function fromNames<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}
