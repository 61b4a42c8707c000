import { constants, existsSync, lstatSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BpfLink, BpfProgram } from '@sidestep/libbpf';
import { removeIfEmpty } from '../remove-if-empty.ts';
import { DataPlaneError } from './dataplane.ts';
import {
  ALL_MAPS,
  buildFile,
  LINKS,
  layoutFile,
  linkFile,
  MAPS,
  type Marks,
  mapFile,
  namesOf,
  PROGRAMS,
  programFile,
  SOCKOPS,
  SURVEY,
  TRACE_LINKS,
} from './pin-names.ts';

/** What stands in one folder: a generation, or what is left of one. */
export interface Found {
  readonly dir: string;
  /** `running`: new connections come to it. `gone`: they did, but the cgroup is no more. `retired`: none come, or none ever came. */
  readonly state: 'running' | 'gone' | 'retired';
}

const MARK = /^(layout|build)_/;
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
export function missingPins(dir: string, marks: Marks): string[] {
  const { sameLayout } = compare(dir, marks);
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

/** Removes our pins, the cgroup's first so that nothing new is seen, the marks that say whose they are last, and the folder if it is empty then. */
export function unpin(dir: string): void {
  if (!existsSync(dir)) return;
  assertOurs(dir);
  const order = (name: string) => (name === SOCKOPS ? 0 : MARK.test(name) ? 2 : 1);
  const names = ours(dir).sort((a, b) => order(a) - order(b));
  for (const name of names) unlinkSync(join(dir, name));
  removeIfEmpty(dir);
}

const KNOWN: ReadonlySet<string> = new Set([
  ...namesOf(ALL_MAPS).map(mapFile),
  ...[...LINKS, ...TRACE_LINKS].map(linkFile),
  ...namesOf(PROGRAMS).map(programFile),
  SOCKOPS,
  SURVEY,
]);

/** Files of anybody else are not looked at. Another version may have other names: they are ours beside its marks. */
function ours(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => /^(map|link|layout|build|program)_/.test(name));
  const isMarked = names.some((name) => MARK.test(name));
  return isMarked ? names : names.filter((name) => KNOWN.has(name));
}

/** Bpffs may let everybody make folders: one that somebody else could change is no place for what root takes over. */
export function assertOurs(dir: string): void {
  const { uid, mode } = lstatSync(dir);
  const folder = (mode & constants.S_IFMT) === constants.S_IFDIR;
  if (folder && uid === process.getuid?.() && (mode & 0o022) === 0) return;
  throw new DataPlaneError({
    message: `The pin folder ${dir} is not a folder that only root can change.`,
    remedy: 'Remove it, or choose another with --pin-dir.',
    log: null,
  });
}
