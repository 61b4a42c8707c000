import { existsSync } from 'node:fs';
import { BtfLayouts, type Decoder, type Encoder, RingBuffer } from '@sidestep/libbpf';
import { MOST_PORT_RANGES } from '@sidestep/shared';
import { breathe } from '../breathe.ts';
import { bootId } from '../host/boot-id.ts';
import { BulkReader } from './bulk.ts';
import { systemClock } from './clock.ts';
import type {
  BulkConnection,
  DataPlaneConfig,
  DataPlaneEvent,
  DataPlaneTotals,
  EventPosition,
  Finding,
  OpenConnections,
  Pair,
  UnexaminedProgram,
} from './dataplane.ts';
import { Descriptors } from './descriptors.ts';
import { EventReader } from './event.ts';
import { type HeldSocket, type Holder, HolderReader } from './holders.ts';
import { Looker, Tender } from './iterator.ts';
import { KernelConnections } from './kernel-connections.ts';
import { PairMap } from './pair-map.ts';
import { assertOurs, unpin } from './pin-folders.ts';
import type { Pins } from './pins.ts';
import { Presence } from './presence.ts';
import { ProgramMap } from './program-map.ts';
import { reset } from './reset.ts';
import { restAfter } from './rest.ts';
import { settleAll } from './settle.ts';
import { SplicerMap } from './splicer-map.ts';
import { runErrands } from './survey.ts';
import { Totals } from './totals.ts';

const KEY = Buffer.alloc(4);
const ATTENTION = Buffer.from([1, 0, 0, 0]);
const LATECOMER_LOOKS = 100;
/** Reading so many takes a millisecond or two. */
const SLOTS_AT_ONCE = 2048;

/**
 * Milliseconds. To wake a reader, or to take back what a sender was lent, takes a few, and a quarter of a second more where its network namespace is out of reach.
 */
const LONGEST_SETTLING = 2000;
const BETWEEN_LOOKS = 20;
/** Shares of a processor that draining may take. */
const MOST_WHILE_LEAVING = 1 / 2;
const MOST_WHILE_STANDING = 1 / 20;
/** Nobody ever wakes who waits for it. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/** A direction that has sent this many messages without an answer is a stream: measured in docs/benchmark.md. */
const STREAM_AFTER = 32;
/** Changes of direction before a connection may join: two requests and their answers. */
const SETTLE_TURNS = 4;

const NO_PORTS = { first: 0, last: 0 } as const;
/** The number of the rules that programs are loaded with, and the one after the last. */
const FIRST_RULES = 1;
const LAST_RULES = 2 ** 30 - 1;

/** The content of `struct ss_config` when programs are loaded. */
export function initialValues(config: DataPlaneConfig, cgroup: bigint) {
  return { ...configValues(config, cgroup, false), rules: FIRST_RULES };
}

function configValues(config: DataPlaneConfig, cgroup: bigint, kill: boolean) {
  return {
    cgroup,
    queue_cap: config.queueCap,
    stream_after: STREAM_AFTER,
    settle_turns: SETTLE_TURNS,
    kill,
    allow_blocking: config.allowBlockingReaders,
    printk: config.printk,
    kept_count: config.keepOnStack.length,
    kept: Array.from({ length: MOST_PORT_RANGES }, (_, index) => config.keepOnStack[index] ?? NO_PORTS),
  };
}

/**
 * One set of programs and their maps, in the kernel. How its records are laid out the kernel itself remembers, so this may be of another
 * version than we are. Throws `RangeError` when it lacks what we need to know of it.
 */
export class Generation {
  readonly pins: Pins;
  readonly splicers: SplicerMap;
  /** The cgroup whose new connections come to it, which may go; null when none do, 0 when it had gone before. */
  readonly cgroupId: bigint | null;
  readonly #tender: Tender;
  readonly #looker: Looker;
  readonly #holders: HolderReader;
  readonly #totals: Totals;
  readonly #ring: RingBuffer;
  readonly #events: EventReader;
  readonly #connections: KernelConnections;
  readonly #bulk: BulkReader;
  /** Null where the programs are of a version that has none. */
  readonly #cheaper: PairMap | null;
  /** The same. */
  readonly #programs: ProgramMap | null;
  readonly #presence: Presence;
  readonly #encodeConfig: Encoder;
  readonly #decodeConfig: Decoder<{ rules?: number }>;
  readonly #configFields: ReadonlySet<string>;
  /** Where in the ring the next events begin, once those that were last read are released. */
  #readUpTo: number;
  #scratch = Buffer.alloc(0);
  #killed = false;
  #detached = false;
  #closed = false;
  /** How many sockets were left at the last look, and until when that is what is answered. */
  #drained = { left: Number.POSITIVE_INFINITY, restUntil: 0 };
  /** Until when what has left is waited for, on the steady clock; null as long as something is enrolled. */
  #settleUntil: number | null = null;

  constructor(pins: Pins) {
    const { maps, links } = pins;
    const layouts = BtfLayouts.fromMap(maps.connections);
    this.pins = pins;
    this.cgroupId = pins.sockops?.info().cgroupId ?? null;
    this.#looker = new Looker(links.look, maps, layouts);
    this.#holders = new HolderReader(links.hold, layouts);
    this.#tender = new Tender(links.tend, maps, layouts, settleAll, () => runErrands(links.arm));
    this.#totals = new Totals(maps.totals, this.#looker, layouts);
    this.splicers = new SplicerMap(maps.splicers, layouts);
    this.#events = new EventReader(layouts, systemClock);
    this.#connections = new KernelConnections(layouts, systemClock);
    this.#bulk = new BulkReader(layouts);
    this.#presence = new Presence(pins.shared('attended'));
    // Before its first turn: until then new connections would take it for gone.
    this.#presence.say();
    const cheaper = pins.shared('cheaper');
    this.#cheaper = cheaper && new PairMap(cheaper, layouts);
    const programs = pins.shared('programs');
    this.#programs = programs && new ProgramMap(programs, maps.census, layouts);
    this.#encodeConfig = layouts.encoder('ss_config');
    this.#decodeConfig = layouts.decoder('ss_config');
    this.#configFields = new Set(layouts.struct('ss_config').fields.keys());
    this.#ring = RingBuffer.open(maps.events.fd);
    this.#readUpTo = this.#ring.position;
  }

  get killed(): boolean {
    return this.#killed;
  }

  /** What another version may know besides keeps its value. */
  configure(config: DataPlaneConfig, cgroup: bigint): void {
    const values = Object.entries(configValues(config, cgroup, this.#killed));
    this.#write(Object.fromEntries(values.filter(([name]) => this.#configFields.has(name))));
    this.#renewRules();
  }

  /**
   * Has every connection look whether the rules concern it now. Only behind the rules, for whoever reads the number must find what it stands for;
   * and always, for whoever configured before us may have died in between.
   */
  #renewRules(): void {
    const { rules } = this.#decodeConfig(this.pins.maps.config.lookup(KEY) ?? Buffer.alloc(0));
    if (rules === undefined) return;
    this.#write({ rules: rules < LAST_RULES ? rules + 1 : FIRST_RULES });
    this.pins.maps.attention.update(KEY, ATTENTION);
  }

  setKilled(killed: boolean): void {
    this.#killed = killed;
    this.#settleUntil = null;
    this.#drained = { left: Number.POSITIVE_INFINITY, restUntil: 0 };
    this.#write({ kill: killed });
  }

  #write(values: Parameters<Encoder>[0]): void {
    const { config } = this.pins.maps;
    config.update(KEY, this.#encodeConfig(values, config.lookup(KEY) ?? undefined));
  }

  /**
   * Throws the kill switch (the first time) and takes out what can be. Returns how many sockets are left: those that are enrolled, and then, for a
   * moment, those that have yet to be woken or to give back what they were lent. Where no fewer are left than at the last look somebody stands still: then all the
   * others are not visited again at once.
   */
  drain(): number {
    if (this.#killed && performance.now() < this.#drained.restUntil) return this.#drained.left;
    const before = process.cpuUsage();
    const left = this.#drainNow();
    const share = left < this.#drained.left ? MOST_WHILE_LEAVING : MOST_WHILE_STANDING;
    this.#drained = { left, restUntil: left > 0 ? restAfter(before, share) : 0 };
    return left;
  }

  #drainNow(): number {
    const enrolled = this.#takeOut();
    if (enrolled > 0) {
      this.#settleUntil = null;
      return enrolled;
    }
    this.#settleUntil ??= performance.now() + LONGEST_SETTLING;
    if (this.#tender.busy) return 1;
    return performance.now() < this.#settleUntil ? this.#tender.unsettled : 0;
  }

  /** A program that had read the kill switch before it was thrown may have enrolled its socket after the last look. */
  takeOutLatecomers(): void {
    for (let look = 0; look < LATECOMER_LOOKS && this.#takeOut() > 0; look++);
  }

  /** Where nothing is enrolled any more: waits, on this thread, until what has left is settled. */
  waitUntilSettled(): void {
    while (this.drain() > 0) Atomics.wait(NOBODY, 0, 0, BETWEEN_LOOKS);
  }

  /** Throws the kill switch (the first time), and returns how many sockets are still enrolled. */
  #takeOut(): number {
    if (!this.#killed) this.setKilled(true);
    if (!this.#tender.busy) this.#tender.tend();
    const { socks } = this.pins.maps;
    const left = socks.keys().length;
    return left > 0 && this.#releaseClosed() ? socks.keys().length : left;
  }

  /** Of what is in our map: a socket may be in another program's. */
  holders(): Holder[] {
    const enrolled = new Set(this.pins.maps.socks.keys().map((key) => key.readBigUInt64LE(0)));
    return this.#holders.read(enrolled);
  }

  /** Those of whose holders a socket could be reset. */
  reset(): Holder[] {
    const holders = this.holders();
    const descriptors = new Descriptors();
    return holders.filter(({ sockets }) => this.#reset(sockets, descriptors));
  }

  /** The kernel keeps a socket enrolled until its program closes the file, however long it has been closed itself. */
  #releaseClosed(): boolean {
    const empty = this.holders()
      .flatMap(({ sockets }) => sockets)
      .filter(({ closed, unread }) => closed && unread === 0);
    this.#forget(empty);
    return empty.length > 0;
  }

  /**
   * One end tells the other. Where both are closed already no error would tell their readers that bytes are missing. Where both are in the
   * middle of a call they are left for the next time: this thread would stand still with them.
   */
  #reset(sockets: readonly HeldSocket[], descriptors: Descriptors): boolean {
    if (!sockets.some((socket) => !socket.closed && !socket.locked && reset(socket, descriptors)))
      return false;
    this.#forget(sockets);
    return true;
  }

  #forget(sockets: readonly HeldSocket[]): void {
    const key = Buffer.alloc(8);
    for (const { cookie } of sockets) {
      key.writeBigUInt64LE(cookie);
      this.pins.maps.socks.delete(key);
    }
  }

  tend(): boolean {
    const more = this.#tender.tendIfDue();
    this.#presence.say();
    return more;
  }

  readEvents(max: number): DataPlaneEvent[] {
    const room = max * this.#events.room;
    if (this.#scratch.length < room) this.#scratch = Buffer.alloc(room);
    const { bytes, position } = this.#ring.read(this.#scratch.subarray(0, room));
    this.#readUpTo = position;
    return this.#events.read(this.#scratch, bytes);
  }

  releaseEvents(): void {
    this.#ring.release(this.#readUpTo);
  }

  eventPosition(): EventPosition {
    const { id } = this.pins.maps.events.info();
    return { ring: `${bootId()}-${id}`, taken: this.#readUpTo / this.#events.room };
  }

  resumeEvents(taken: number): number {
    const gone = this.#readUpTo / this.#events.room - taken;
    if (gone >= 0) return gone;
    this.#readUpTo = taken * this.#events.room;
    this.releaseEvents();
    return 0;
  }

  async connections(): Promise<OpenConnections> {
    let first = 0;
    for await (const { values, count } of this.#records()) {
      if (!this.#connections.take(values, first, count)) break;
      first += count;
    }
    this.#connections.end();
    return this.#connections;
  }

  async bulk(): Promise<BulkConnection[]> {
    const found: BulkConnection[] = [];
    for await (const { values, count } of this.#records()) {
      if (!this.#bulk.wasUsed(values, count)) break;
      found.push(...this.#bulk.read(values, count));
    }
    return found;
  }

  keepOnTcp(pairs: readonly Pair[]): void {
    if (this.#cheaper?.write(pairs)) this.#renewRules();
  }

  unexamined(): UnexaminedProgram[] {
    return this.#programs?.read() ?? [];
  }

  setExamined(program: UnexaminedProgram, finding: Finding): void {
    this.#programs?.set(program, finding);
    this.pins.maps.attention.update(KEY, ATTENTION);
  }

  /** Slots are used in order: behind the first part that never was used there is nothing. */
  async *#records() {
    await this.#looker.lookInBackground();
    for (const part of this.#closed ? [] : this.pins.maps.connections.parts(SLOTS_AT_ONCE)) {
      yield part;
      await breathe();
      if (this.#closed) return;
    }
  }

  totals(): DataPlaneTotals {
    return this.#totals.read();
  }

  /** Whether new connections do not come to it any more, for it is about to be removed. */
  get detached(): boolean {
    return this.#detached;
  }

  /** Off the cgroup before anything is closed: from here on nobody is seen or enrolled. Only when nothing is enrolled. */
  detach(): void {
    if (existsSync(this.pins.dir)) assertOurs(this.pins.dir);
    this.#detached = true;
    this.pins.sockops?.detach();
    this.takeOutLatecomers();
  }

  /** Detaches and unpins. Only when nothing is enrolled. */
  remove(): void {
    if (!this.#detached) this.detach();
    unpin(this.pins.dir);
    this.close();
  }

  /** Leaves the kernel as it is. */
  close(): void {
    this.#closed = true;
    this.#tender[Symbol.dispose]();
    this.#looker[Symbol.dispose]();
    this.#ring.close();
    this.pins[Symbol.dispose]();
  }
}
