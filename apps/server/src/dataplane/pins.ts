import {
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { BpfLink, BpfMap, type BpfObject, BpfProgram } from '@sidestep/libbpf';
import { DataPlaneError } from './dataplane.ts';

/**
 * What the daemon itself works with: every version has these. Names in the pin folder, and in the object; bpffs allows no dots, so the sections of
 * variables lose theirs.
 */
const MAPS = {
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

/** What only the programs work with, among each other: another version may have others. */
const SHARED_MAPS = {
  flows: 'flows',
  free_slots: 'free_slots',
  pending: 'pending',
  syns: 'syns',
  listeners: 'listeners',
  slots: '.data.slots',
  crowd: '.data.crowd',
} as const;

const ALL_MAPS = { ...MAPS, ...SHARED_MAPS } as const;

/** The iterators, which the daemon runs. */
const LINKS = ['tend', 'look', 'hold', 'arm'] as const;

/** What the kernel calls, besides the cgroup's program: another version may have others. */
const TRACE_LINKS = ['fionread', 'splice'] as const;

const PROGRAMS = { verdict: 'sidestep_verdict', sockops: 'sidestep_sockops' } as const;

type MapName = keyof typeof MAPS;
type AnyMapName = keyof typeof ALL_MAPS;
type LinkName = (typeof LINKS)[number];
type ProgramName = keyof typeof PROGRAMS;
/** Those that are there before the cgroup's. */
export type EarlyLinks = Readonly<Record<LinkName | (typeof TRACE_LINKS)[number], BpfLink>>;

/** What stands in the folder beside the pins: two names that say who can take over, and how. */
export interface Marks {
  readonly layout: string;
  readonly build: string;
}

const mapFile = (name: AnyMapName) => `map_${name}`;
const linkFile = (name: keyof EarlyLinks) => `link_${name}`;
const programFile = (name: ProgramName) => `program_${name}`;
const layoutFile = (layout: string) => `layout_${layout}`;
const buildFile = (build: string) => `build_${build}`;
const SOCKOPS = 'link_sockops';
const SURVEY = 'link_survey';

/** Everything that keeps one generation of the data plane alive in the kernel, open. */
export class Pins implements Disposable {
  readonly dir: string;
  readonly maps: Readonly<Record<MapName, BpfMap>>;
  readonly links: Readonly<Record<LinkName, BpfLink>>;
  readonly programs: Readonly<Record<ProgramName, BpfProgram>>;
  /** Only the generation that new connections come to has the cgroup's link. */
  readonly sockops: BpfLink | null;
  #survey: BpfLink | null;
  /** By the names of their files: what only the programs work with, in this version. */
  readonly #others: ReadonlyMap<string, BpfMap | BpfLink>;
  /** Names of files. */
  readonly #marks: readonly string[];

  private constructor(
    dir: string,
    maps: Record<MapName, BpfMap>,
    links: Record<LinkName, BpfLink>,
    programs: Record<ProgramName, BpfProgram>,
    sockops: BpfLink | null,
    survey: BpfLink | null,
    others: ReadonlyMap<string, BpfMap | BpfLink>,
  ) {
    this.dir = dir;
    this.#marks = readdirSync(dir).filter((name) => /^(layout|build)_/.test(name));
    this.maps = maps;
    this.links = links;
    this.programs = programs;
    this.sockops = sockops;
    this.#survey = survey;
    this.#others = others;
  }

  /** Only while an older generation drains, and shortly after; and where a daemon died before it was through with it. */
  get survey(): BpfLink | null {
    return this.#survey;
  }

  static open(dir: string): Pins {
    using opened = new DisposableStack();
    const maps = fromNames(namesOf(MAPS), (name) => opened.use(BpfMap.openPinned(join(dir, mapFile(name)))));
    const links = fromNames(LINKS, (name) => opened.use(BpfLink.openPinned(join(dir, linkFile(name)))));
    const programs = fromNames(namesOf(PROGRAMS), (name) =>
      opened.use(BpfProgram.openPinned(join(dir, programFile(name)))),
    );
    const optional = (name: string) =>
      existsSync(join(dir, name)) ? opened.use(BpfLink.openPinned(join(dir, name))) : null;
    const known = new Set([...namesOf(MAPS).map(mapFile), ...LINKS.map(linkFile), SOCKOPS, SURVEY]);
    const others = readdirSync(dir)
      .filter((file) => /^(map|link)_/.test(file) && !known.has(file))
      .map((file) => {
        const pinned = file.startsWith('map_') ? BpfMap : BpfLink;
        return [file, opened.use(pinned.openPinned(join(dir, file)))] as const;
      });
    const pins = new Pins(dir, maps, links, programs, optional(SOCKOPS), optional(SURVEY), new Map(others));
    opened.move();
    return pins;
  }

  /** Everything but the cgroup's link, before anything runs that could need it. */
  static pin(dir: string, object: BpfObject, links: EarlyLinks, { layout, build }: Marks): void {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    assertOurs(dir);
    for (const [name, inObject] of entriesOf<AnyMapName, string>(ALL_MAPS))
      object.map(inObject).pin(join(dir, mapFile(name)));
    for (const mark of [layoutFile(layout), buildFile(build)]) object.map(MAPS.census).pin(join(dir, mark));
    for (const [name, inObject] of entriesOf<ProgramName, string>(PROGRAMS))
      object.program(inObject).pin(join(dir, programFile(name)));
    for (const [name, link] of entriesOf(links)) link.pin(join(dir, linkFile(name)));
  }

  /** What is pinned with the cgroup's link runs. */
  static pinSockops(dir: string, link: BpfLink): void {
    link.pin(join(dir, SOCKOPS));
  }

  static pinSurvey(dir: string, link: BpfLink): void {
    link.pin(join(dir, SURVEY));
  }

  /** Pins other programs and links in the place of those that are there. The mark of the build comes last. */
  static repin(dir: string, object: BpfObject, links: EarlyLinks, { build }: Marks): void {
    for (const [name, inObject] of entriesOf<ProgramName, string>(PROGRAMS))
      replacePin(join(dir, programFile(name)), (path) => object.program(inObject).pin(path));
    for (const [name, link] of entriesOf(links))
      replacePin(join(dir, linkFile(name)), (path) => link.pin(path));
    replacePin(join(dir, buildFile(build)), (path) => object.map(MAPS.census).pin(path));
    for (const other of readdirSync(dir))
      if (other.startsWith('build_') && other !== buildFile(build)) unlinkSync(join(dir, other));
  }

  /** Has an object of the same layout that is not loaded yet work on these maps. */
  reuse(object: BpfObject): void {
    for (const [name, inObject] of entriesOf<MapName, string>(MAPS))
      object.map(inObject).reuse(this.maps[name]);
    for (const [name, inObject] of entriesOf<keyof typeof SHARED_MAPS, string>(SHARED_MAPS)) {
      const map = this.#others.get(mapFile(name));
      if (map instanceof BpfMap) object.map(inObject).reuse(map);
    }
  }

  /** Has the programs of another generation see what happens in the cgroup from now on, instead of these. */
  handOver(to: Pins): void {
    this.sockops?.update(to.programs.sockops);
    renameSync(join(this.dir, SOCKOPS), join(to.dir, SOCKOPS));
  }

  /** Puts back what somebody has taken out of the folder, or all of it where the file system was mounted anew. False when that is not possible. */
  pinAgain(): boolean {
    const { dir } = this;
    const gone = this.#pinned().filter(([file]) => !existsSync(join(dir, file)));
    if (gone.length === 0) return true;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      assertOurs(dir);
      for (const [file, item] of gone) item.pin(join(dir, file));
      return true;
    } catch {
      // Nothing is mounted there at this moment, or somebody else's folder is in the way.
      removeIfEmpty(dir);
      return false;
    }
  }

  /** The cgroup's link comes last. */
  #pinned(): [file: string, item: { pin(path: string): void }][] {
    return [
      ...entriesOf(this.maps).map(([name, map]): [string, BpfMap] => [mapFile(name), map]),
      ...this.#marks.map((mark): [string, BpfMap] => [mark, this.maps.census]),
      ...entriesOf(this.programs).map(([name, one]): [string, BpfProgram] => [programFile(name), one]),
      ...entriesOf(this.links).map(([name, link]): [string, BpfLink] => [linkFile(name), link]),
      ...this.#others,
      ...(this.sockops ? [[SOCKOPS, this.sockops] satisfies [string, BpfLink]] : []),
    ];
  }

  unpinSurvey(): void {
    this.#survey?.close();
    this.#survey = null;
    rmSync(join(this.dir, SURVEY), { force: true });
  }

  [Symbol.dispose](): void {
    const { maps, links, programs } = this;
    for (const item of [maps, links, programs].flatMap((items) => Object.values(items))) item.close();
    for (const item of this.#others.values()) item.close();
    this.sockops?.close();
    this.#survey?.close();
  }
}

/** There is a pin at the path at every moment. */
function replacePin(path: string, pin: (path: string) => void): void {
  const fresh = `${path}_new`;
  rmSync(fresh, { force: true });
  pin(fresh);
  renameSync(fresh, path);
}

function entriesOf<Name extends string, T>(items: Readonly<Record<Name, T>>): [Name, T][] {
  return Object.entries(items) as [Name, T][];
}

function namesOf<Name extends string>(items: Readonly<Partial<Record<Name, unknown>>>): Name[] {
  return Object.keys(items) as Name[];
}

function fromNames<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}

/** What stands in one folder: a generation, or what is left of one. */
export interface Found {
  readonly dir: string;
  /** `running`: new connections come to it. `gone`: they did, but the cgroup is no more. `retired`: none come, or none ever came. */
  readonly state: 'running' | 'gone' | 'retired';
}

const SUB_FOLDER = /^generation_\d+$/;

/** The generations in the pin folder and in those of its sub-folders that we made. */
export function generations(pinDir: string): Found[] {
  finishHandOver(pinDir);
  return foldersOf(pinDir)
    .filter((dir) => ours(dir).length > 0)
    .map((dir) => ({ dir, state: stateOf(dir) }));
}

/** A folder for another generation. */
export function freeFolder(pinDir: string): string {
  const taken = foldersOf(pinDir).filter((dir) => ours(dir).length > 0);
  let dir = pinDir;
  for (let number = 2; taken.includes(dir); number++) dir = join(pinDir, `generation_${number}`);
  return dir;
}

function foldersOf(pinDir: string): string[] {
  if (!existsSync(pinDir)) return [];
  assertOurs(pinDir);
  const inside = readdirSync(pinDir).filter((name) => SUB_FOLDER.test(name));
  return [pinDir, ...inside.map((name) => join(pinDir, name))];
}

/** A daemon may have died after it had given the cgroup to other programs, and before the pin of the link had followed. */
function finishHandOver(pinDir: string): void {
  const folders = foldersOf(pinDir);
  const dir = folders.find((folder) => existsSync(join(folder, SOCKOPS)));
  if (dir === undefined) return;
  using link = BpfLink.openPinned(join(dir, SOCKOPS));
  const { programId } = link.info();
  const owner = folders.find((folder) => sockopsId(folder) === programId);
  if (owner !== undefined && owner !== dir) renameSync(join(dir, SOCKOPS), join(owner, SOCKOPS));
}

function sockopsId(dir: string): number | null {
  const path = join(dir, programFile('sockops'));
  if (!existsSync(path)) return null;
  using program = BpfProgram.openPinned(path);
  return program.info().id;
}

function stateOf(dir: string): Found['state'] {
  if (!existsSync(join(dir, SOCKOPS))) return 'retired';
  using link = BpfLink.openPinned(join(dir, SOCKOPS));
  return link.info().cgroupId === 0n ? 'gone' : 'running';
}

/** Names of files that should be in the folder and are not. Of another layout, which may be of another version, only what we work with ourselves. */
export function missingPins(dir: string, { layout }: Marks): string[] {
  const sameLayout = existsSync(join(dir, layoutFile(layout)));
  const wanted = [
    ...namesOf(sameLayout ? ALL_MAPS : MAPS).map(mapFile),
    ...(sameLayout ? [...LINKS, ...TRACE_LINKS] : LINKS).map(linkFile),
    ...namesOf(PROGRAMS).map(programFile),
  ];
  return wanted.filter((name) => !existsSync(join(dir, name)));
}

/** Whether the maps are laid out like this, and whether these very programs are there, and no others. */
export function compare(dir: string, { layout, build }: Marks): { sameLayout: boolean; sameBuild: boolean } {
  const builds = readdirSync(dir).filter((name) => name.startsWith('build_'));
  return {
    sameLayout: existsSync(join(dir, layoutFile(layout))),
    sameBuild: builds.length === 1 && builds[0] === buildFile(build),
  };
}

/** Removes our pins, the cgroup's first so that nothing new is seen, and the folder if it is empty then. */
export function unpin(dir: string): void {
  if (!existsSync(dir)) return;
  assertOurs(dir);
  const names = ours(dir).sort((a, b) => Number(b === SOCKOPS) - Number(a === SOCKOPS));
  for (const name of names) unlinkSync(join(dir, name));
  removeIfEmpty(dir);
}

/** The pin folder goes with the last of its generations, and one that was made in vain. */
export function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // It is not there, or not empty.
  }
}

/** Files of anybody else are not looked at. */
function ours(dir: string): string[] {
  return readdirSync(dir).filter((name) => /^(map|link|layout|build|program)_/.test(name));
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
