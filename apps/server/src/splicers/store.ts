import { type Splicer, splicerSchema } from '@sidestep/shared';
import { z } from 'zod';
import {
  type DataPlane,
  type Executable,
  type Finding,
  keyOf,
  type SplicingProcess,
  type UnexaminedProgram,
} from '../dataplane/dataplane.ts';
import type { Log } from '../log.ts';
import { Refusal } from '../refusal.ts';
import type { Facts } from '../state/facts.ts';
import { Examiner, type Found, REST } from './examiner.ts';
import type { Examined, Executables } from './executables.ts';
import type { Place } from './place.ts';
import type { SplicerService } from './service.ts';

/** From what is known for certain to what is not. */
const WHYS: readonly Splicer['why'][] = splicerSchema.shape.why.options;
const NAME = 'splicers';
const RELEASED = 'released splicers';
/** One path may stand for several files, one in each container. */
const MOST_KEPT = 1000;
/** Versions of it, of which some may still run. */
const MOST_OF_ONE_PLACE = 10;
/** What is not known by its path is a guess of somebody's who makes programs up. */
const MOST_NAMELESS = 100;
/** Milliseconds until nobody waits any more for what cannot be read, for otherwise it would have been tried again. */
const STILL_WANTED = 3 * REST;
/** The check-up's own process splices from a scratch socket, to see what comes of it. */
const PROBE = 'sidestep-probe';

/**
 * Device, inode and version are decimal. They mean something only as long as `boot` lasts; the path lasts longer, and is `here` when it led to that very
 * file on the host. Earlier versions did not say which version it was, and kept only what they had seen to splice.
 */
const keptSchema = z.array(
  z.object({
    path: z.string(),
    device: z.string(),
    inode: z.string(),
    version: z.string().default(''),
    boot: z.string(),
    learnedAt: z.string(),
    seen: z.boolean().default(true),
    here: z.boolean().default(true),
  }),
);
const placeSchema = z.object({ path: z.string(), here: z.boolean() }) satisfies z.ZodType<Place>;
type Kept = z.infer<typeof keptSchema>[number];

/** Known to the kernel only: nobody has looked yet, or its process had ended before. */
interface Nameless extends SplicingProcess {
  readonly learnedAt: string;
  /** Whether this process of it was looked at. */
  readonly tried: boolean;
}

/** Its file could not be read. */
interface Unreadable extends Executable, Place {
  readonly since: string;
  /** On the steady clock. */
  readonly triedAt: number;
}

export interface SplicerStoreOptions {
  readonly dataPlane: DataPlane;
  readonly facts: Facts;
  readonly executables: Executables;
  readonly now: () => number;
  readonly steady: () => number;
  readonly log: Log;
}

/** Learns from the kernel which programs splice, and from their executables which could; remembers them in the state folder, and tells the kernel again. */
export class SplicerStore implements SplicerService {
  readonly #options: SplicerStoreOptions;
  readonly #examiner: Examiner;
  #kept: readonly Kept[];
  #released: readonly Place[];
  #nameless: ReadonlyMap<string, Nameless> = new Map();
  #unreadable: ReadonlyMap<string, Unreadable> = new Map();

  constructor(options: SplicerStoreOptions) {
    const { facts, executables } = options;
    this.#options = options;
    this.#kept = keptSchema.catch([]).parse(facts.get(NAME) ?? []);
    this.#released = z
      .array(placeSchema)
      .catch([])
      .parse(facts.get(RELEASED) ?? []);
    this.#examiner = new Examiner(executables.examine, (...found) => this.#note(...found));
  }

  /** After enabling or taking over: the kernel hears of every program that is remembered. Those of another boot it hears of when they are looked at. */
  restore(): void {
    for (const kept of this.#kept)
      if (this.#isCurrent(kept)) this.#options.dataPlane.addSplicer(fileOf(kept));
  }

  /**
   * Has executables looked at that want to join, and those that were seen to splice, whose path is not known. To be called often: connections stay on the
   * stack until then. Throws what went wrong since the last time.
   */
  examine(): void {
    const { dataPlane } = this.#options;
    if (!dataPlane.enabled) return;
    this.#examiner.turn(() => {
      const untried = [...this.#nameless.values()].filter(({ pid, tried }) => pid !== 0 && !tried);
      return [...dataPlane.unexamined(), ...untried];
    });
  }

  #note(program: UnexaminedProgram, found: Found): void {
    const { dataPlane } = this.#options;
    // It may have been switched off meanwhile.
    if (!dataPlane.enabled) return;
    const key = keyOf(program);
    const nameless = this.#nameless.get(key);
    if (found === 'unreadable' || found === 'due again') {
      // Who was seen to splice is known without that.
      if (nameless) this.#endRelease(this.#options.executables.placeOf(program.pid));
      else this.#noteUnread(program, found);
      return;
    }
    this.#forgetUnreadable((one) => keyOf(one) !== key);
    if (nameless && !found)
      this.#nameless = new Map([...this.#nameless, [key, { ...nameless, tried: true }]]);
    dataPlane.setExamined(program, found ? this.#judge(program, nameless, found) : 'out of reach');
  }

  /** What is released is let in unread, and need not be tried again. */
  #noteUnread(program: UnexaminedProgram, found: 'unreadable' | 'due again'): void {
    const { dataPlane, executables, now, steady } = this.#options;
    const key = keyOf(program);
    const known = this.#unreadable.get(key);
    const place = known ?? executables.placeOf(program.pid);
    if (place && this.#released.some((released) => isSame(released, place))) {
      if (found === 'unreadable') dataPlane.setExamined(program, 'harmless');
      return;
    }
    dataPlane.setExamined(program, found === 'unreadable' ? found : 'unexamined');
    if (found !== 'unreadable' || !place || (!known && this.#unreadable.size >= MOST_NAMELESS)) return;
    const { device, inode, version } = program;
    const { path, here } = place;
    const since = known?.since ?? new Date(now()).toISOString();
    const noted = { device, inode, version, path, here, since, triedAt: steady() };
    this.#unreadable = new Map([...this.#unreadable, [key, noted]]);
  }

  #forgetUnreadable(stays: (one: Unreadable) => boolean): void {
    this.#unreadable = new Map([...this.#unreadable].filter(([, one]) => stays(one)));
  }

  #judge(program: UnexaminedProgram, nameless: Nameless | undefined, found: Examined): Finding {
    if (nameless) {
      this.#noteSplicer(nameless, found);
      return 'could splice';
    }
    return this.#keepIfItCouldSplice(program, found) ? 'could splice' : 'harmless';
  }

  #noteSplicer(splicer: Nameless, { path, here }: Examined): void {
    this.#nameless = new Map([...this.#nameless].filter(([key]) => key !== keyOf(splicer)));
    this.#remember(splicer, { path, here }, true, splicer.learnedAt);
    this.#endRelease({ path, here });
    this.#options.log(
      `${path} splices from TCP sockets: the connections of its processes stay on the stack.`,
    );
  }

  /** What is there has spliced. */
  #endRelease(place: Place | null): void {
    const released = place ? this.#released.filter((one) => !isSame(one, place)) : this.#released;
    if (released.length < this.#released.length) this.#setReleased(released);
  }

  #keepIfItCouldSplice(program: UnexaminedProgram, { path, here, couldSplice }: Examined): boolean {
    const { dataPlane, log } = this.#options;
    const place = { path, here };
    if (this.#released.some((released) => isSame(released, place))) return false;
    const earlier = this.#kept.filter((kept) => this.#isEarlierVersion(kept, program, place));
    if (!couldSplice && earlier.length === 0) return false;
    const seen = earlier.some((kept) => kept.seen);
    this.#remember(program, place, seen, new Date(this.#options.now()).toISOString());
    dataPlane.addSplicer(program);
    if (earlier.length === 0)
      log(`${path} could splice from TCP sockets: the connections of its processes stay on the stack.`);
    return true;
  }

  /** The same place on the host, whatever file was there; or this very file, as a version of ours kept it that did not say which version it was. */
  #isEarlierVersion(kept: Kept, { device, inode }: Executable, { path, here }: Place): boolean {
    if (kept.path !== path) return false;
    if (here) return kept.here;
    const { boot } = this.#options.executables;
    const isFile = kept.device === String(device) && kept.inode === String(inode);
    return kept.version === '' && kept.boot === boot && isFile;
  }

  /** Takes note of what the kernel has learned, and tells it again what it has forgotten for want of room; once a second. */
  turn(): void {
    const { dataPlane, now, steady } = this.#options;
    const before = this.#nameless;
    this.#nameless = new Map();
    this.#forgetUnreadable(({ triedAt }) => dataPlane.enabled && steady() - triedAt < STILL_WANTED);
    if (!dataPlane.enabled) return;
    const remembered = this.#kept.filter((kept) => this.#isCurrent(kept));
    const known = new Set(remembered.map(keyOf));
    const learned = dataPlane.splicers().filter(({ comm }) => comm !== PROBE);
    const inKernel = new Set(learned.map(keyOf));
    for (const kept of remembered) if (!inKernel.has(keyOf(kept))) dataPlane.addSplicer(fileOf(kept));
    this.#noteSeen(new Set(learned.filter(({ pid }) => pid !== 0).map(keyOf)));
    const unknown = learned.filter((splicer) => !known.has(keyOf(splicer))).slice(0, MOST_NAMELESS);
    this.#nameless = new Map(
      unknown.map((splicer) => {
        const noted = before.get(keyOf(splicer));
        const learnedAt = noted?.learnedAt ?? new Date(now()).toISOString();
        return [keyOf(splicer), { ...splicer, learnedAt, tried: noted?.pid === splicer.pid && noted.tried }];
      }),
    );
  }

  /** Those that could have. */
  #noteSeen(seen: ReadonlySet<string>): void {
    const isNew = (kept: Kept) => !kept.seen && seen.has(keyOf(kept));
    if (this.#kept.some(isNew))
      this.#keep(this.#kept.map((kept) => (isNew(kept) ? { ...kept, seen: true } : kept)));
  }

  async list(): Promise<Splicer[]> {
    this.turn();
    const named = this.#kept.map(
      ({ path, seen, learnedAt }): Splicer => ({
        program: path,
        why: seen ? 'splices' : 'could splice',
        remembered: true,
        learnedAt,
      }),
    );
    const nameless = [...this.#nameless.values()].map(
      ({ comm, learnedAt }): Splicer => ({ program: comm, why: 'splices', remembered: false, learnedAt }),
    );
    const unreadable = [...this.#unreadable.values()].map(
      ({ path, since }): Splicer => ({
        program: path,
        why: 'unreadable',
        remembered: false,
        learnedAt: since,
      }),
    );
    const merged = new Map<string, Splicer>();
    for (const splicer of [...named, ...nameless, ...unreadable]) {
      // Several files may share one name: what is known best is said, since when anything is.
      const known = merged.get(splicer.program);
      const { learnedAt } = known ?? splicer;
      const better = known && WHYS.indexOf(known.why) <= WHYS.indexOf(splicer.why) ? known : splicer;
      merged.set(splicer.program, { ...better, learnedAt });
    }
    return [...merged.values()].sort((one, other) => one.learnedAt.localeCompare(other.learnedAt));
  }

  async release(program: string): Promise<Splicer[]> {
    const { dataPlane, log } = this.#options;
    this.turn();
    const named = this.#kept.filter(({ path }) => path === program);
    const nameless = [...this.#nameless.values()].filter(({ comm }) => comm === program);
    const unreadable = [...this.#unreadable.values()].filter(({ path }) => path === program);
    if (named.length + nameless.length + unreadable.length === 0) {
      throw new Refusal(
        `No program “${program}” is kept on the stack because it splices, or could.`,
        'Name it as it is listed: its whole path, where that is known.',
      );
    }
    const current = named.filter((kept) => this.#isCurrent(kept));
    if (dataPlane.enabled)
      for (const file of [...current.map(fileOf), ...nameless, ...unreadable]) {
        dataPlane.removeSplicer(file);
        dataPlane.setExamined({ ...file, pid: 0 }, 'harmless');
      }
    this.#keep(this.#kept.filter(({ path }) => path !== program));
    this.#forgetUnreadable(({ path }) => path !== program);
    const places = [true, false].filter((here) =>
      [...named, ...unreadable].some((place) => place.here === here),
    );
    this.#setReleased([
      ...this.#released.filter(({ path }) => path !== program),
      ...places.map((here) => ({ path: program, here })),
    ]);
    log(`${program} was released: its connections may take the bypass until it splices again.`);
    return this.list();
  }

  /** In the place of what was kept of the same file before. */
  #remember(file: Executable, place: Place, seen: boolean, learnedAt: string): void {
    const { boot } = this.#options.executables;
    const [device, inode, version] = [String(file.device), String(file.inode), String(file.version)];
    const isFile = (kept: Kept) => kept.path === place.path && kept.device === device && kept.inode === inode;
    const before = this.#kept.find(isFile);
    const kept = {
      ...{ ...place, device, inode, version, boot },
      seen: seen || before?.seen === true,
      learnedAt: before?.learnedAt ?? learnedAt,
    };
    // What was in a container of another boot cannot be met again.
    const others = this.#kept.filter((one) => !isFile(one) && (one.here || one.boot === boot));
    const outdated = others.filter((one) => isSame(one, place)).slice(0, 1 - MOST_OF_ONE_PLACE);
    this.#keep([...withRoom(others.filter((one) => !outdated.includes(one))), kept]);
  }

  #keep(kept: readonly Kept[]): void {
    this.#kept = kept;
    this.#options.facts.set(NAME, kept);
  }

  #setReleased(released: readonly Place[]): void {
    this.#released = released.slice(-MOST_KEPT);
    this.#options.facts.set(RELEASED, this.#released);
  }

  #isCurrent({ boot, version }: Kept): boolean {
    return boot === this.#options.executables.boot && version !== '';
  }
}

/** Who makes programs up that could splice does not crowd out those that do. */
function withRoom(kept: readonly Kept[]): readonly Kept[] {
  if (kept.length < MOST_KEPT) return kept;
  const leastMissed = kept.find(({ seen }) => !seen) ?? kept[0];
  return kept.filter((one) => one !== leastMissed);
}

function isSame(one: Place, other: Place): boolean {
  return one.path === other.path && one.here === other.here;
}

function fileOf({ device, inode, version }: Kept): Executable {
  return { device: BigInt(device), inode: BigInt(inode), version: BigInt(version) };
}
