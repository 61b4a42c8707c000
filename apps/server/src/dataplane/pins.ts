import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BPF_SK_MSG_VERDICT, BpfLink, BpfMap, type BpfObject, BpfProgram } from '@sidestep/libbpf';

/** File names in the pin folder. bpffs allows no dots, so the sections of variables lose theirs. */
const MAPS = {
  socks: 'socks',
  flows: 'flows',
  connections: 'connections',
  free_slots: 'free_slots',
  pending: 'pending',
  syns: 'syns',
  askers: 'fionread_askers',
  events: 'events',
  totals: 'totals',
  config: '.data.config',
  attention: '.data.attention',
  census: '.data.census',
  slots: '.data.slots',
} as const;

const LINKS = ['sockops', 'tend', 'list', 'fionread'] as const;
const VERDICT = 'program_verdict';

type MapName = keyof typeof MAPS;
type LinkName = (typeof LINKS)[number];

const mapFile = (name: MapName) => `map_${name}`;
const linkFile = (name: LinkName) => `link_${name}`;

/** Everything that keeps the data plane alive in the kernel, open. */
export class Pins implements Disposable {
  readonly maps: Readonly<Record<MapName, BpfMap>>;
  readonly links: Readonly<Record<LinkName, BpfLink>>;
  readonly verdict: BpfProgram;

  private constructor(maps: Record<MapName, BpfMap>, links: Record<LinkName, BpfLink>, verdict: BpfProgram) {
    this.maps = maps;
    this.links = links;
    this.verdict = verdict;
  }

  static open(dir: string): Pins {
    using opened = new DisposableStack();
    const maps = fromNames(Object.keys(MAPS) as MapName[], (name) =>
      opened.use(BpfMap.openPinned(join(dir, mapFile(name)))),
    );
    const links = fromNames(LINKS, (name) => opened.use(BpfLink.openPinned(join(dir, linkFile(name)))));
    const verdict = opened.use(BpfProgram.openPinned(join(dir, VERDICT), BPF_SK_MSG_VERDICT));
    opened.move();
    return new Pins(maps, links, verdict);
  }

  static pin(dir: string, object: BpfObject, links: Readonly<Record<LinkName, BpfLink>>): void {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const [name, inObject] of Object.entries(MAPS))
      object.map(inObject).pin(join(dir, mapFile(name as MapName)));
    object.program('sidestep_verdict').pin(join(dir, VERDICT));
    // The cgroup's link last: what has it pinned is complete.
    for (const name of ['tend', 'list', 'fionread', 'sockops'] as const)
      links[name].pin(join(dir, linkFile(name)));
  }

  [Symbol.dispose](): void {
    for (const item of [...Object.values(this.maps), ...Object.values(this.links), this.verdict])
      item.close();
  }
}

function fromNames<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}

export type PinState = 'none' | 'complete' | 'partial';

/** What of ours stands in the folder. Pins of anybody else are not looked at. */
export function pinState(dir: string): PinState {
  if (!existsSync(dir)) return 'none';
  const names = new Set(readdirSync(dir));
  const there = ours().filter((name) => names.has(name)).length;
  if (there === 0) return 'none';
  return there === ours().length ? 'complete' : 'partial';
}

/** Removes our pins, the cgroup's first so that nothing new is seen, and the folder if it is empty then. */
export function unpin(dir: string): void {
  if (!existsSync(dir)) return;
  for (const name of [linkFile('sockops'), ...ours()]) {
    if (existsSync(join(dir, name))) unlinkSync(join(dir, name));
  }
  if (readdirSync(dir).length === 0) rmdirSync(dir);
}

function ours(): string[] {
  return [...(Object.keys(MAPS) as MapName[]).map(mapFile), ...LINKS.map(linkFile), VERDICT];
}
