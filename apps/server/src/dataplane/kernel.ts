import { statSync } from 'node:fs';
import { BtfLayouts, type Encoder, RingBuffer } from '@sidestep/libbpf';
import { type EnablingStep, type HeldConnection, heldWords } from '@sidestep/shared';
import { bootId } from './boot-id.ts';
import { systemClock } from './clock.ts';
import {
  type DataPlane,
  type DataPlaneConfig,
  DataPlaneError,
  type DataPlaneEvent,
  type DataPlaneTotals,
  type EventPosition,
  type Executable,
  type OpenConnections,
  type SplicingProcess,
  type Surroundings,
} from './dataplane.ts';
import { EventReader } from './event.ts';
import { asDataPlaneError } from './failure.ts';
import { type HeldSocket, type Holder, HolderReader } from './holders.ts';
import { Looker, Tender } from './iterator.ts';
import { KernelConnections } from './kernel-connections.ts';
import { layoutName } from './layout-name.ts';
import { load } from './load.ts';
import { hasLayout, missingPins, Pins, pinState, removeIfEmpty, unpin } from './pins.ts';
import { reset } from './reset.ts';
import { settle } from './settle.ts';
import { SplicerMap } from './splicer-map.ts';
import { visitAllSockets } from './survey.ts';
import { Totals } from './totals.ts';

const KEY = Buffer.alloc(4);
const LATECOMER_LOOKS = 100;
/** Reading so many takes a millisecond or two. */
const SLOTS_AT_ONCE = 2048;

/** Lets whoever waits for this thread go first. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A direction that has sent this many messages without an answer is a stream: measured in docs/benchmark.md. */
const STREAM_AFTER = 32;
/** Changes of direction before a connection may join: two requests and their answers. */
const SETTLE_TURNS = 4;

export interface KernelDataPlaneOptions {
  /** Folder of the cgroup v2 tree below which sockets are looked at. Null: whichever it is; enough to take over and remove. */
  readonly cgroup: string | null;
  /** Folder in bpffs; created when enabling, removed when disabling. */
  readonly pinDir: string;
  /** The compiled object, bpf/build/sidestep.o. */
  readonly objectPath: string;
  /** How many open connections the table has room for; null: as many as the programs say themselves. */
  readonly maxConnections: number | null;
}

export function createKernelDataPlane(options: KernelDataPlaneOptions): DataPlane {
  return new KernelDataPlane(options);
}

/** What is open while the data plane is in the kernel. */
interface Running {
  readonly pins: Pins;
  /** Of the cgroup that it is attached to, which may go; 0 when it had gone before. */
  readonly cgroupId: bigint;
  readonly tender: Tender;
  readonly looker: Looker;
  readonly holders: HolderReader;
  readonly ring: RingBuffer;
  /** Where in the ring the next events begin, once those that were last read are released. */
  readUpTo: number;
  readonly totals: Totals;
  readonly connections: KernelConnections;
  readonly splicers: SplicerMap;
}

class KernelDataPlane implements DataPlane {
  readonly #options: KernelDataPlaneOptions;
  readonly #layouts: BtfLayouts;
  readonly #layout: string;
  readonly #encodeConfig: Encoder;
  readonly #events: EventReader;
  #scratch = Buffer.alloc(0);
  #config: DataPlaneConfig | null = null;
  #killed = false;
  #running: Running | null = null;

  constructor(options: KernelDataPlaneOptions) {
    this.#options = options;
    this.#layouts = guarded('Reading the compiled programs failed', () =>
      BtfLayouts.fromObject(options.objectPath),
    );
    this.#layout = layoutName(this.#layouts);
    this.#encodeConfig = this.#layouts.encoder('ss_config');
    this.#events = new EventReader(this.#layouts, systemClock);
  }

  get enabled(): boolean {
    return this.#running !== null;
  }

  adopt(config: DataPlaneConfig): 'nothing' | 'running' | 'removed' {
    return guarded('Taking over the data plane failed', () => {
      const { pinDir } = this.#options;
      const state = pinState(pinDir);
      if (state === 'none') return 'nothing';
      const missing = missingPins(pinDir);
      if (state === 'stopped' && missing.length > 0) {
        // A daemon died while it pinned or unpinned: nothing ever ran, or nothing does any more.
        unpin(pinDir);
        return 'removed';
      }
      this.#assertOurs(missing);
      this.#run(Pins.open(pinDir));
      if (state === 'stopped') {
        this.#config = config;
        this.#removeStopped();
        return 'removed';
      }
      this.#assertCgroup();
      this.configure(config);
      return 'running';
    });
  }

  #assertOurs(missing: readonly string[]): void {
    const { pinDir } = this.#options;
    if (!hasLayout(pinDir, this.#layout)) {
      throw new DataPlaneError({
        message: `Another version of Sidestep runs in the kernel, pinned in ${pinDir}.`,
        remedy: 'Start that version again and disable it, then start this one.',
        log: null,
      });
    }
    if (missing.length === 0) return;
    throw new DataPlaneError({
      message: `Somebody has removed ${missing.join(', ')} from ${pinDir}: what runs in the kernel can no longer be taken over.`,
      remedy: `End the programs whose connections take the bypass, or start the host again; then remove ${pinDir}.`,
      log: null,
    });
  }

  /** A cgroup that was removed lives on for its sockets, and one that was made at the same place since is another. */
  #assertCgroup(): void {
    const { cgroup, pinDir } = this.#options;
    const attached = this.#use().pins.links.sockops.info().cgroupId;
    if (cgroup === null || attached === statSync(cgroup, { bigint: true }).ino) return;
    this.#close();
    throw new DataPlaneError({
      message: `What an earlier daemon pinned in ${pinDir} covers another cgroup (${attached}) than ${cgroup}.`,
      remedy:
        'Start with the --cgroup that it had, or remove it with ./sidestep down --purge and switch on again.',
      log: null,
    });
  }

  /** The cgroup is gone, but its sockets may live on, and hold bytes that only an orderly drain does not lose. */
  #removeStopped(): void {
    this.#takeOutLatecomers();
    const held = this.held();
    if (held.length === 0) {
      this.remove();
      return;
    }
    this.#close();
    throw new DataPlaneError({
      message: `The cgroup that was accelerated is gone, and ${held.length} of its connections hold bytes that their programs have not read.`,
      remedy: 'Let these programs go on or end them, then start the daemon again.',
      log: held.map((one) => heldWords(one, (bytes) => `${bytes} bytes`)).join('\n'),
    });
  }

  async enable(config: DataPlaneConfig, onStep: (step: EnablingStep) => void): Promise<void> {
    try {
      if (pinState(this.#options.pinDir) !== 'none') {
        throw new DataPlaneError({
          message: `The pin folder ${this.#options.pinDir} holds the data plane of another daemon.`,
          remedy: 'Stop that daemon, or choose another folder with --pin-dir.',
          log: null,
        });
      }
      this.#config = config;
      this.#killed = false;
      const { cgroup } = this.#options;
      if (cgroup === null) throw new Error('There is no cgroup to attach to.');
      if (idOf(cgroup) === null) {
        throw new DataPlaneError({
          message: `The cgroup ${cgroup} is gone.`,
          remedy: 'Make it again and start your programs in it, or start the daemon with another --cgroup.',
          log: null,
        });
      }
      const initial = { config: this.#configBytes(), layout: this.#layout };
      this.#run(await load({ ...this.#options, cgroup, ...initial, onStep }));
    } catch (error) {
      throw asDataPlaneError('Enabling failed', error);
    }
  }

  configure(config: DataPlaneConfig): void {
    this.#config = config;
    this.#writeConfig();
  }

  drain(): number {
    if (!this.#killed) {
      this.#killed = true;
      this.#writeConfig();
    }
    const { pins, tender } = this.#use();
    tender.tend();
    const left = pins.maps.socks.keys().length;
    return left > 0 && this.#releaseClosed() ? pins.maps.socks.keys().length : left;
  }

  held(): HeldConnection[] {
    return this.#holders().map(({ held }) => held);
  }

  reset(): HeldConnection[] {
    if (!this.#killed) throw new Error('Connections are reset only while draining.');
    return this.#holders()
      .filter(({ sockets }) => this.#reset(sockets))
      .map(({ held }) => held);
  }

  #holders(): Holder[] {
    return this.#use().holders.read();
  }

  /** The kernel keeps a socket enrolled until its program closes the file, however long it has been closed itself. */
  #releaseClosed(): boolean {
    const empty = this.#holders()
      .flatMap(({ sockets }) => sockets)
      .filter(({ closed, unread }) => closed && unread === 0);
    this.#takeOut(empty);
    return empty.length > 0;
  }

  /** One end tells the other. Where both are closed already no error would tell their readers that bytes are missing. */
  #reset(sockets: readonly HeldSocket[]): boolean {
    if (!sockets.some((socket) => !socket.closed && reset(socket))) return false;
    this.#takeOut(sockets);
    return true;
  }

  #takeOut(sockets: readonly HeldSocket[]): void {
    const { socks } = this.#use().pins.maps;
    const key = Buffer.alloc(8);
    for (const { cookie } of sockets) {
      key.writeBigUInt64LE(cookie);
      socks.delete(key);
    }
  }

  surroundings(): Surroundings {
    const { pins, cgroupId } = this.#use();
    const { pinDir, cgroup } = this.#options;
    const found = idOf(cgroup);
    return {
      pinned: this.#pinAgain(pins, pinDir),
      cgroup: found === null ? 'gone' : found === cgroupId ? 'same' : 'another',
    };
  }

  #pinAgain(pins: Pins, pinDir: string): boolean {
    if (missingPins(pinDir).length === 0 && hasLayout(pinDir, this.#layout)) return true;
    try {
      pins.pinAgain(pinDir, this.#layout);
      return true;
    } catch {
      // Nothing is mounted there at this moment, or somebody else's folder is in the way.
      removeIfEmpty(pinDir);
      return false;
    }
  }

  undrain(): void {
    this.#killed = false;
    this.#writeConfig();
  }

  remove(): void {
    const { pins } = this.#use();
    // Off the cgroup before anything is closed: from here on nobody is seen or enrolled.
    pins.links.sockops.detach();
    this.#takeOutLatecomers();
    unpin(this.#options.pinDir);
    this.#close();
  }

  #close(): void {
    const { pins, ring, tender, looker } = this.#use();
    tender[Symbol.dispose]();
    looker[Symbol.dispose]();
    ring.close();
    pins[Symbol.dispose]();
    this.#running = null;
    this.#killed = false;
  }

  /** A program that had read the kill switch before it was thrown may have enrolled its socket after the last look. */
  #takeOutLatecomers(): void {
    for (let look = 0; look < LATECOMER_LOOKS && this.drain() > 0; look++);
  }

  tend(): void {
    const { tender } = this.#use();
    tender.tendIfDue();
  }

  readEvents(max: number): DataPlaneEvent[] {
    const running = this.#use();
    const room = max * this.#events.room;
    if (this.#scratch.length < room) this.#scratch = Buffer.alloc(room);
    const { bytes, position } = running.ring.read(this.#scratch.subarray(0, room));
    running.readUpTo = position;
    return this.#events.read(this.#scratch, bytes);
  }

  releaseEvents(): void {
    const { ring, readUpTo } = this.#use();
    ring.release(readUpTo);
  }

  eventPosition(): EventPosition {
    const { pins, readUpTo } = this.#use();
    return { ring: `${bootId()}-${pins.maps.events.info().id}`, taken: readUpTo / this.#events.room };
  }

  resumeEvents(taken: number): number {
    const running = this.#use();
    const gone = running.readUpTo / this.#events.room - taken;
    if (gone >= 0) return gone;
    running.readUpTo = taken * this.#events.room;
    running.ring.release(running.readUpTo);
    return 0;
  }

  async connections(): Promise<OpenConnections> {
    const { pins, looker, connections } = this.#use();
    await looker.lookInBackground();
    let first = 0;
    // Slots are used in order, so behind the first part that never was there is nothing.
    for (const { values, count } of this.#running ? pins.maps.connections.parts(SLOTS_AT_ONCE) : []) {
      if (!connections.take(values, first, count)) break;
      first += count;
      await breathe();
      if (this.#running?.pins !== pins) break;
    }
    return connections;
  }

  totals(): DataPlaneTotals {
    return this.#use().totals.read();
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

  #run(pins: Pins): void {
    const { maps, links } = pins;
    const looker = new Looker(links.look, maps, this.#layouts);
    const ring = RingBuffer.open(maps.events.fd);
    this.#running = {
      pins,
      cgroupId: links.sockops.info().cgroupId ?? 0n,
      looker,
      holders: new HolderReader(links.hold, this.#layouts),
      tender: new Tender(links.tend, maps, this.#layouts, settle, () => visitAllSockets(links.arm)),
      ring,
      readUpTo: ring.position,
      totals: new Totals(maps.totals, looker, this.#layouts),
      connections: new KernelConnections(this.#layouts, systemClock),
      splicers: new SplicerMap(maps.splicers, this.#layouts),
    };
  }

  #use(): Running {
    if (this.#running === null) throw new Error('The data plane is not in the kernel.');
    return this.#running;
  }

  #writeConfig(): void {
    this.#running?.pins.maps.config.update(KEY, this.#configBytes());
  }

  #cgroupId(): bigint {
    const attached = this.#running?.cgroupId ?? 0n;
    return attached !== 0n ? attached : (idOf(this.#options.cgroup) ?? 0n);
  }

  #configBytes(): Buffer {
    if (this.#config === null) throw new Error('The data plane has no configuration yet.');
    return this.#encodeConfig({
      cgroup: this.#cgroupId(),
      queue_cap: this.#config.queueCap,
      stream_after: STREAM_AFTER,
      settle_turns: SETTLE_TURNS,
      kill: this.#killed,
      allow_blocking: this.#config.allowBlockingReaders,
      printk: this.#config.printk,
    });
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
