import { constants, existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BPF_SK_MSG_VERDICT, BpfLink, BpfMap, type BpfObject, BpfProgram } from '@sidestep/libbpf';
import { DataPlaneError } from './dataplane.ts';

/** File names in the pin folder. bpffs allows no dots, so the sections of variables lose theirs. */
const MAPS = {
  socks: 'socks',
  flows: 'flows',
  connections: 'connections',
  free_slots: 'free_slots',
  pending: 'pending',
  syns: 'syns',
  askers: 'fionread_askers',
  splicers: 'splicers',
  events: 'events',
  totals: 'totals',
  config: '.data.config',
  attention: '.data.attention',
  census: '.data.census',
  slots: '.data.slots',
  crowd: '.data.crowd',
} as const;

const LINKS = ['sockops', 'tend', 'look', 'hold', 'arm', 'fionread', 'splice'] as const;

const VERDICT = 'program_verdict';

type MapName = keyof typeof MAPS;
type LinkName = (typeof LINKS)[number];
type EarlyLink = Exclude<LinkName, 'sockops'>;

const mapFile = (name: MapName) => `map_${name}`;
const linkFile = (name: LinkName) => `link_${name}`;
const layoutFile = (layout: string) => `layout_${layout}`;

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

  /** Everything but the cgroup's link, before anything runs that could need it. */
  static pin(
    dir: string,
    object: BpfObject,
    links: Readonly<Record<EarlyLink, BpfLink>>,
    layout: string,
  ): void {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    assertOurs(dir);
    for (const [name, inObject] of Object.entries(MAPS)) {
      object.map(inObject).pin(join(dir, mapFile(name as MapName)));
    }
    object.map(MAPS.census).pin(join(dir, layoutFile(layout)));
    object.program('sidestep_verdict').pin(join(dir, VERDICT));
    for (const [name, link] of Object.entries(links)) link.pin(join(dir, linkFile(name as LinkName)));
  }

  /** What is pinned with the cgroup's link is complete, and runs. */
  static pinSockops(dir: string, link: BpfLink): void {
    link.pin(join(dir, linkFile('sockops')));
  }

  /** Puts back what somebody has taken out of the folder, or all of it where the file system was mounted anew. The cgroup's link comes last again. */
  pinAgain(dir: string, layout: string): void {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    assertOurs(dir);
    const { sockops, ...links } = this.links;
    const items: [file: string, item: { pin(path: string): void }][] = [
      ...entriesOf(this.maps).map(([name, map]): [string, BpfMap] => [mapFile(name), map]),
      [layoutFile(layout), this.maps.census],
      [VERDICT, this.verdict],
      ...entriesOf(links).map(([name, link]): [string, BpfLink] => [linkFile(name), link]),
      [linkFile('sockops'), sockops],
    ];
    for (const [file, item] of items) {
      const path = join(dir, file);
      if (!existsSync(path)) item.pin(path);
    }
  }

  [Symbol.dispose](): void {
    for (const item of [...Object.values(this.maps), ...Object.values(this.links), this.verdict])
      item.close();
  }
}

function entriesOf<Name extends string, T>(items: Readonly<Record<Name, T>>): [Name, T][] {
  return Object.entries(items) as [Name, T][];
}

function fromNames<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}

export type PinState = 'none' | 'running' | 'stopped';

/** What of ours stands in the folder: `stopped` are remains of an attachment that was never complete, or has ended. */
export function pinState(dir: string): PinState {
  if (!existsSync(dir)) return 'none';
  assertOurs(dir);
  if (ours(dir).length === 0) return 'none';
  const sockops = join(dir, linkFile('sockops'));
  if (!existsSync(sockops)) return 'stopped';
  using link = BpfLink.openPinned(sockops);
  return link.info().cgroupId === 0n ? 'stopped' : 'running';
}

/** Names of files that should be there when the data plane is. */
export function missingPins(dir: string): string[] {
  const wanted = [...(Object.keys(MAPS) as MapName[]).map(mapFile), ...LINKS.map(linkFile), VERDICT];
  return wanted.filter((name) => !existsSync(join(dir, name)));
}

/** Whether the pins were made with these layouts of records and configuration. */
export function hasLayout(dir: string, layout: string): boolean {
  return existsSync(join(dir, layoutFile(layout)));
}

/** Removes our pins, the cgroup's first so that nothing new is seen, and the folder if it is empty then. */
export function unpin(dir: string): void {
  if (!existsSync(dir)) return;
  assertOurs(dir);
  const names = ours(dir).sort(
    (a, b) => Number(b === linkFile('sockops')) - Number(a === linkFile('sockops')),
  );
  for (const name of names) unlinkSync(join(dir, name));
  if (readdirSync(dir).length === 0) rmdirSync(dir);
}

/** Takes back a folder that was made in vain. */
export function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // It is not there, or not empty.
  }
}

/** Files of anybody else are not looked at. */
function ours(dir: string): string[] {
  return readdirSync(dir).filter((name) => /^(map|link|layout)_/.test(name) || name === VERDICT);
}

/** Bpffs may let everybody make folders: one that somebody else could change is no place for what root takes over. */
function assertOurs(dir: string): void {
  const { uid, mode } = lstatSync(dir);
  const folder = (mode & constants.S_IFMT) === constants.S_IFDIR;
  if (folder && uid === process.getuid?.() && (mode & 0o022) === 0) return;
  throw new DataPlaneError({
    message: `The pin folder ${dir} is not a folder that only root can change.`,
    remedy: 'Remove it, or choose another with --pin-dir.',
    log: null,
  });
}
