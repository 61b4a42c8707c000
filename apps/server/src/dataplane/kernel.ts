import { statSync } from 'node:fs';
import { BtfLayouts } from '@sidestep/libbpf';
import { type EnablingStep, type HeldConnection, heldWords } from '@sidestep/shared';
import { removeIfEmpty } from '../remove-if-empty.ts';
import { buildName } from './build-name.ts';
import {
  type BulkConnection,
  type DataPlane,
  type DataPlaneConfig,
  DataPlaneError,
  type DataPlaneEvent,
  type DataPlaneTotals,
  type EventPosition,
  type Executable,
  type Finding,
  type OpenConnections,
  type Pair,
  type SplicingProcess,
  type Surroundings,
  type UnexaminedProgram,
} from './dataplane.ts';
import { asDataPlaneError } from './failure.ts';
import { type Generation, initialValues } from './generation.ts';
import { layoutName } from './layout-name.ts';
import { type LoadOptions, load, loadBeside, replacePrograms } from './load.ts';
import { loaded, open, openedFrom } from './open-generation.ts';
import { compare, type Found, freeFolder, generations, missingPins, unpin } from './pin-folders.ts';
import type { Marks } from './pin-names.ts';
import { Retired } from './retired.ts';
import { type Ways, waysOfKernel } from './ways.ts';

export interface KernelDataPlaneOptions {
  /** Folder of the cgroup v2 tree below which sockets are looked at. Null: whichever it is; enough to take over and remove. */
  readonly cgroup: string | null;
  /** Folder in bpffs; created when enabling, removed when disabling. */
  readonly pinDir: string;
  /** The compiled object, bpf/build/sidestep.o. */
  readonly objectPath: string;
  /** How many open connections the table has room for; null: as many as the programs say themselves. */
  readonly maxConnections: number | null;
  /** Instead of the better ones of those that this kernel takes. */
  readonly ways?: Partial<Ways>;
}

export function createKernelDataPlane(options: KernelDataPlaneOptions): DataPlane {
  return new KernelDataPlane(options);
}

class KernelDataPlane implements DataPlane {
  readonly #options: KernelDataPlaneOptions;
  readonly #layouts: BtfLayouts;
  readonly #marks: Marks;
  #config: DataPlaneConfig | null = null;
  #running: Generation | null = null;
  readonly #retired = new Retired();

  constructor(options: KernelDataPlaneOptions) {
    this.#options = options;
    const { objectPath } = options;
    const read = () => [BtfLayouts.fromObject(objectPath), buildName(objectPath)] as const;
    const [layouts, build] = guarded('Reading the compiled programs failed', read);
    this.#layouts = layouts;
    this.#marks = { layout: layoutName(layouts), build };
  }

  get enabled(): boolean {
    return this.#running !== null;
  }

  get retiring(): number {
    return this.#retired.connections;
  }

  adopt(config: DataPlaneConfig): 'nothing' | 'running' | 'removed' {
    return guarded('Taking over the data plane failed', () => {
      const found = generations(this.#options.pinDir);
      if (found.length === 0) return 'nothing';
      this.#config = config;
      const running = found.find(({ state }) => state === 'running');
      if (running === undefined) {
        for (const one of found) this.#removeStopped(one);
        removeIfEmpty(this.#options.pinDir);
        return 'removed';
      }
      this.#assertWhole(running);
      using opened = new DisposableStack();
      const openedFrom = ({ dir }: Found) => opened.adopt(open(dir), (generation) => generation.close());
      const generation = openedFrom(running);
      this.#assertCgroup(generation);
      const older = found.filter((one) => one !== running && this.#isToRetire(one)).map(openedFrom);
      this.#configure(generation, config);
      opened.move();
      this.#running = generation;
      for (const one of older) this.#retired.add(one);
      return 'running';
    });
  }

  #assertWhole({ dir }: Found): void {
    const missing = missingPins(dir, this.#marks);
    if (missing.length === 0) return;
    const { pinDir } = this.#options;
    throw new DataPlaneError({
      message: `Somebody has removed ${missing.join(', ')} from ${pinDir}: what runs in the kernel can no longer be taken over.`,
      remedy: `End the programs whose connections take the bypass, or start the host again; then remove ${pinDir}.`,
      log: null,
    });
  }

  /** A cgroup that was removed lives on for its sockets, and one that was made at the same place since is another. */
  #assertCgroup({ cgroupId }: Generation): void {
    const { cgroup, pinDir } = this.#options;
    if (cgroup === null || cgroupId === idOf(cgroup)) return;
    throw new DataPlaneError({
      message: `What an earlier daemon pinned in ${pinDir} covers another cgroup (${cgroupId}) than ${cgroup}.`,
      remedy:
        'Start with the --cgroup that it had, or remove it with ./sidestep down --purge and switch on again.',
      log: null,
    });
  }

  /** Of which nothing runs. Nothing may ever have run, where a daemon died while it pinned or unpinned: then it is removed here. */
  #isToRetire({ dir }: Found): boolean {
    const whole = missingPins(dir, this.#marks).length === 0;
    if (!whole) unpin(dir);
    return whole;
  }

  /** No cgroup has it any more, but its sockets may live on, and hold bytes that only an orderly drain does not lose. */
  #removeStopped({ dir }: Found): void {
    if (missingPins(dir, this.#marks).length > 0) {
      unpin(dir);
      return;
    }
    const generation = open(dir);
    generation.takeOutLatecomers();
    const held = generation.holders().map((holder) => holder.held);
    if (held.length === 0) {
      generation.waitUntilSettled();
      generation.remove();
      return;
    }
    generation.close();
    throw new DataPlaneError({
      message: `The cgroup that was accelerated is gone, and ${held.length} of its connections hold bytes that their programs have not read.`,
      remedy: 'Let these programs go on or end them, then switch on again.',
      log: held.map((one) => heldWords(one, (bytes) => `${bytes} bytes`)).join('\n'),
    });
  }

  async enable(config: DataPlaneConfig, onStep: (step: EnablingStep) => void): Promise<void> {
    try {
      const { cgroup, pinDir } = this.#options;
      if (generations(pinDir).length > 0) {
        throw new DataPlaneError({
          message: `The pin folder ${pinDir} holds the data plane of another daemon.`,
          remedy: 'Stop that daemon, or choose another folder with --pin-dir.',
          log: null,
        });
      }
      this.#config = config;
      if (cgroup === null) throw new Error('There is no cgroup to attach to.');
      const cgroupId = idOf(cgroup);
      if (cgroupId === null) {
        throw new DataPlaneError({
          message: `The cgroup ${cgroup} is gone.`,
          remedy: 'Make it again and start your programs in it, or start the daemon with another --cgroup.',
          log: null,
        });
      }
      const options = this.#loadOptions(pinDir, config, cgroupId);
      this.#running = loaded(await load({ ...options, cgroup, onStep }));
      this.#retired.begin();
    } catch (error) {
      throw asDataPlaneError('Enabling failed', error);
    }
  }

  upgrade(): 'none' | 'replaced' | 'beside' {
    return guarded('Taking over from another version failed', () => {
      const running = this.#use();
      const { dir } = running.pins;
      const { sameLayout, sameBuild } = compare(dir, this.#marks);
      if (sameBuild) return 'none';
      if (sameLayout) {
        const pins = replacePrograms(running.pins, this.#loadOptions(dir, this.#knownConfig(), 0n));
        this.#running = openedFrom(pins);
        running.close();
        return 'replaced';
      }
      this.#handOver(running);
      return 'beside';
    });
  }

  /** First nobody joins the old one any more, then the new one sees what happens: at no moment do both want the same socket. */
  #handOver(running: Generation): void {
    const config = this.#knownConfig();
    const { cgroupId, pins } = running;
    const options = this.#loadOptions(freeFolder(this.#options.pinDir), config, cgroupId ?? 0n);
    const next = loaded(loadBeside(options));
    try {
      // Where it does not say which version it was, it is found by looking, as whatever is new.
      for (const splicer of running.splicers.read()) if (splicer.version !== 0n) next.splicers.add(splicer);
      const yes = Buffer.alloc(1, 1);
      for (const asker of pins.maps.askers.keys()) next.pins.maps.askers.update(asker, yes);
      running.drain();
      pins.handOver(next.pins);
    } catch (error) {
      running.setKilled(false);
      // The other one may have been given the cgroup already.
      pins.sockops?.update(pins.programs.sockops);
      next.remove();
      throw error;
    }
    this.#running = next;
    using opened = new DisposableStack();
    const newer = opened.adopt(open(options.dir), (generation) => generation.close());
    const older = open(pins.dir);
    opened.move();
    this.#running = newer;
    next.close();
    running.close();
    this.#retired.add(older);
  }

  #loadOptions(dir: string, config: DataPlaneConfig, cgroupId: bigint): LoadOptions {
    const { objectPath, maxConnections } = this.#options;
    const ways = { ...waysOfKernel(), ...this.#options.ways };
    const bytes = this.#layouts.encoder('ss_config')(initialValues(config, cgroupId));
    return { objectPath, ways, maxConnections, dir, config: bytes, marks: this.#marks };
  }

  configure(config: DataPlaneConfig): void {
    this.#config = config;
    if (this.#running) this.#configure(this.#running, config);
  }

  #configure(generation: Generation, config: DataPlaneConfig): void {
    generation.configure(config, generation.cgroupId || (idOf(this.#options.cgroup) ?? 0n));
  }

  drain(): number {
    return this.#use().drain() + this.#retired.drain();
  }

  held(): HeldConnection[] {
    return this.#all().flatMap((generation) => generation.holders().map(({ held }) => held));
  }

  reset(): HeldConnection[] {
    if (!this.#use().killed) throw new Error('Connections are reset only while draining.');
    return this.#all().flatMap((generation) => generation.reset().map(({ held }) => held));
  }

  surroundings(): Surroundings {
    const found = idOf(this.#options.cgroup);
    return {
      pinned: this.#all().every(({ pins }) => pins.pinAgain()),
      cgroup: found === null ? 'gone' : found === this.#use().cgroupId ? 'same' : 'another',
    };
  }

  undrain(): void {
    const running = this.#use();
    if (running.detached) {
      throw new DataPlaneError({
        message: 'What was accelerated could not be removed completely, and sees no new connections.',
        remedy: 'Switch off once more, then on.',
        log: null,
      });
    }
    running.setKilled(false);
  }

  remove(last: () => void = () => {}): void {
    guarded('Removing the data plane failed', () => {
      const running = this.#use();
      running.detach();
      last();
      this.#retired.remove();
      running.remove();
      removeIfEmpty(this.#options.pinDir);
      this.#running = null;
    });
  }

  tend(): boolean {
    const running = this.#use();
    const unfinished = running.tend();
    if (!running.killed) this.#retired.tend(running);
    return unfinished;
  }

  readEvents(max: number): DataPlaneEvent[] {
    return this.#use().readEvents(max);
  }

  releaseEvents(): void {
    this.#use().releaseEvents();
  }

  eventPosition(): EventPosition {
    return this.#use().eventPosition();
  }

  resumeEvents(taken: number): number {
    return this.#use().resumeEvents(taken);
  }

  connections(): Promise<OpenConnections> {
    return this.#use().connections();
  }

  totals(): DataPlaneTotals {
    return this.#use().totals();
  }

  bulk(): Promise<BulkConnection[]> {
    return this.#use().bulk();
  }

  keepOnTcp(pairs: readonly Pair[]): void {
    this.#use().keepOnTcp(pairs);
  }

  splicers(): SplicingProcess[] {
    return this.#use().splicers.read();
  }

  addSplicer(executable: Executable): void {
    this.#use().splicers.add(executable);
  }

  removeSplicer(executable: Executable): void {
    this.#use().splicers.remove(executable);
  }

  unexamined(): UnexaminedProgram[] {
    return this.#use().unexamined();
  }

  setExamined(program: UnexaminedProgram, finding: Finding): void {
    this.#use().setExamined(program, finding);
  }

  #all(): Generation[] {
    return [this.#use(), ...this.#retired.generations];
  }

  #use(): Generation {
    if (this.#running === null) throw new Error('The data plane is not in the kernel.');
    return this.#running;
  }

  #knownConfig(): DataPlaneConfig {
    if (this.#config === null) throw new Error('The data plane has no configuration yet.');
    return this.#config;
  }
}

/** Of the cgroup at the path; null when there is none. */
function idOf(cgroup: string | null): bigint | null {
  if (cgroup === null) return null;
  return statSync(cgroup, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
}

function guarded<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw asDataPlaneError(what, error);
  }
}
