import type { Splicer } from '@sidestep/shared';
import { z } from 'zod';
import type { DataPlane, Executable } from '../dataplane/dataplane.ts';
import type { Log } from '../log.ts';
import { Refusal } from '../refusal.ts';
import type { Facts } from '../state/facts.ts';
import type { Executables } from './executables.ts';
import type { SplicerService } from './service.ts';

const NAME = 'splicers';
/** One path may stand for several files, one in each container. */
const MOST_KEPT = 1000;
/** The check-up's own process splices from a scratch socket, to see what comes of it. */
const PROBE = 'sidestep-probe';

/** Device and inode are decimal. They mean something only as long as `boot` lasts; the path lasts longer. */
const keptSchema = z.array(
  z.object({
    path: z.string(),
    device: z.string(),
    inode: z.string(),
    boot: z.string(),
    learnedAt: z.string(),
  }),
);
type Kept = z.infer<typeof keptSchema>[number];

/** Known to the kernel only: its process had ended before its path could be read. */
interface Nameless extends Executable {
  readonly comm: string;
  readonly learnedAt: string;
}

export interface SplicerStoreOptions {
  readonly dataPlane: DataPlane;
  readonly facts: Facts;
  readonly executables: Executables;
  readonly now: () => number;
  readonly log: Log;
}

/** Learns from the kernel which programs splice, remembers them in the state folder, and tells the kernel again. */
export class SplicerStore implements SplicerService {
  readonly #options: SplicerStoreOptions;
  #kept: readonly Kept[];
  #nameless: readonly Nameless[] = [];

  constructor(options: SplicerStoreOptions) {
    this.#options = options;
    this.#kept = keptSchema.catch([]).parse(options.facts.get(NAME) ?? []);
  }

  /** After enabling or taking over: the kernel hears of every program that is remembered. */
  restore(): void {
    const { dataPlane, executables } = this.#options;
    const { boot } = executables;
    this.#keep(
      this.#kept.map((kept) => {
        const found = kept.boot === boot ? null : executables.at(kept.path);
        return found ? { ...kept, boot, device: String(found.device), inode: String(found.inode) } : kept;
      }),
    );
    for (const kept of this.#kept) if (kept.boot === boot) dataPlane.addSplicer(fileOf(kept));
  }

  /** Takes note of what the kernel has learned, and tells it again what it has forgotten for want of room; once a second. */
  turn(): void {
    const { dataPlane, executables, log, now } = this.#options;
    const before = this.#nameless;
    this.#nameless = [];
    if (!dataPlane.enabled) return;
    const remembered = this.#kept.filter(({ boot }) => boot === executables.boot);
    const known = new Set(remembered.map(keyOf));
    const learned = dataPlane.splicers();
    const inKernel = new Set(learned.map(keyOf));
    for (const kept of remembered) if (!inKernel.has(keyOf(kept))) dataPlane.addSplicer(fileOf(kept));
    for (const { device, inode, pid, comm } of learned) {
      if (comm === PROBE) continue;
      const key = keyOf({ device, inode });
      if (known.has(key)) continue;
      const learnedAt = new Date(now()).toISOString();
      const path = executables.pathOf(pid, { device, inode });
      if (path === null) {
        const noted = before.find((other) => keyOf(other) === key);
        this.#nameless = [...this.#nameless, noted ?? { device, inode, comm, learnedAt }];
        continue;
      }
      const file = { device: String(device), inode: String(inode), boot: executables.boot };
      this.#keep([...this.#kept, { path, ...file, learnedAt }].slice(-MOST_KEPT));
      log(`${path} splices from TCP sockets: the connections of its processes stay on the stack.`);
    }
  }

  async list(): Promise<Splicer[]> {
    this.turn();
    const named = this.#kept.map(({ path, learnedAt }) => ({ program: path, remembered: true, learnedAt }));
    const nameless = this.#nameless.map(({ comm, learnedAt }) => ({
      program: comm,
      remembered: false,
      learnedAt,
    }));
    const oldest = new Map<string, Splicer>();
    for (const splicer of [...named, ...nameless]) {
      const { program } = splicer;
      // Several files may share one name.
      oldest.set(program, oldest.get(program) ?? splicer);
    }
    return [...oldest.values()].sort((one, other) => one.learnedAt.localeCompare(other.learnedAt));
  }

  async release(program: string): Promise<Splicer[]> {
    const { dataPlane, log } = this.#options;
    this.turn();
    const named = this.#kept.filter(({ path }) => path === program);
    const nameless = this.#nameless.filter(({ comm }) => comm === program);
    if (named.length + nameless.length === 0) {
      throw new Refusal(
        `No program “${program}” is kept on the stack because it splices.`,
        'Name it as it is listed: its whole path, where that is known.',
      );
    }
    if (dataPlane.enabled)
      for (const file of [...named.map(fileOf), ...nameless]) dataPlane.removeSplicer(file);
    this.#keep(this.#kept.filter(({ path }) => path !== program));
    log(`${program} was released: its connections may take the bypass until it splices again.`);
    return this.list();
  }

  #keep(kept: readonly Kept[]): void {
    this.#kept = kept;
    this.#options.facts.set(NAME, kept);
  }
}

function fileOf({ device, inode }: Kept): Executable {
  return { device: BigInt(device), inode: BigInt(inode) };
}

function keyOf({ device, inode }: Executable | Kept): string {
  return `${device}:${inode}`;
}
