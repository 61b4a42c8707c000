import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BpfLink, BpfMap, type BpfObject, BpfProgram } from '@sidestep/libbpf';
import { removeIfEmpty } from '../remove-if-empty.ts';
import { assertOurs } from './pin-folders.ts';
import {
  ALL_MAPS,
  type AnyMapName,
  buildFile,
  type EarlyLinks,
  entriesOf,
  fromNames,
  LINKS,
  type LinkName,
  layoutFile,
  linkFile,
  MAPS,
  type MapName,
  type Marks,
  mapFile,
  namesOf,
  PROGRAMS,
  type ProgramName,
  programFile,
  SHARED_MAPS,
  SOCKOPS,
  SURVEY,
} from './pin-names.ts';

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

  /** A map that another version may not have; null where it has not. */
  shared(name: keyof typeof SHARED_MAPS): BpfMap | null {
    const map = this.#others.get(mapFile(name));
    return map instanceof BpfMap ? map : null;
  }

  /** Has an object of the same layout that is not loaded yet work on these maps. */
  reuse(object: BpfObject): void {
    for (const [name, inObject] of entriesOf<MapName, string>(MAPS))
      object.map(inObject).reuse(this.maps[name]);
    for (const [name, inObject] of entriesOf<keyof typeof SHARED_MAPS, string>(SHARED_MAPS)) {
      const map = this.shared(name);
      if (map) object.map(inObject).reuse(map);
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
