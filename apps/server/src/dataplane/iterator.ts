import {
  type BpfLink,
  type BpfMap,
  type BtfLayouts,
  type Decoder,
  openIterator,
  readInBackground,
  readIterator,
} from '@sidestep/libbpf';
import { restAfter } from './rest.ts';
import type { LeftSocket } from './settle.ts';

const KEY = Buffer.alloc(4);
/**
 * Visiting every socket may take at most this share of a processor, however many ask for it. So may errands, besides: looking for all network namespaces takes several
 * times as long as a visit, and whoever has been armed need not wait for that.
 */
const MOST_OF_A_PROCESSOR = 1 / 20;
/** Milliseconds after which an errand may run again, however long the last one took: who is to be armed is given up after five seconds (LONGEST_ARMING_NS). */
const LONGEST_REST = 1000;
/** A visit that takes longer than this many milliseconds is made on another thread: the page waits for this one. */
const LONG = 5;
/** What an iterator writes that has nothing to say, so that others have their turn: bpf/pause.bpf.h. */
export const PAUSE_SIZE = 8;

/** What one run of an iterator counted: `struct ss_census`. */
export interface Census {
  /** Ends of connections that are to leave, or have left and want something done yet. */
  readonly unsettled: bigint;
  /** Ends of connections that could not join at this visit and want another. */
  readonly candidates: bigint;
  /** Ends that want something done by `sidestep_arm`. */
  readonly errands: bigint;
  /** Of these, ends that wait for it. */
  readonly pressing: bigint;
  readonly stack_messages: bigint;
  readonly stack_bytes: bigint;
}

export interface IteratorMaps {
  readonly census: BpfMap;
  readonly attention: BpfMap;
}

/** Runs an iterator over all our sockets, at once or on another thread. What it counts, it adds to what was counted before. */
abstract class Visitor implements Disposable {
  readonly #link: BpfLink;
  readonly #pauseSize: number;
  readonly #census: BpfMap;
  readonly #decode: Decoder<Census>;
  #running: Promise<unknown> | null = null;
  #ended = false;
  #lastTook = 0;

  /** `pauseSize` is how many bytes it writes now and then. */
  constructor(link: BpfLink, { census }: IteratorMaps, layouts: BtfLayouts, pauseSize: number = PAUSE_SIZE) {
    this.#link = link;
    this.#pauseSize = pauseSize;
    this.#census = census;
    this.#decode = layouts.decoder<Census>('ss_census');
  }

  /** Whether a visit is under way on another thread. */
  get busy(): boolean {
    return this.#running !== null;
  }

  /** Whether the last visit took so long that the next one should not hold this thread up. */
  get slow(): boolean {
    return this.#lastTook > LONG;
  }

  /** Milliseconds that the last visit took. */
  get took(): number {
    return this.#lastTook;
  }

  protected visitNow(): { census: Census; output: Buffer } {
    const [start, before] = [performance.now(), this.#count()];
    const output = readIterator(this.#link, this.#pauseSize);
    return { census: this.#since(before, start), output };
  }

  /** After the one that is under way. Null when the data plane has gone meanwhile. */
  protected async visitInBackground(): Promise<{ census: Census; output: Buffer } | null> {
    while (this.#running) await this.#running;
    if (this.#ended) return null;
    const [start, before] = [performance.now(), this.#count()];
    const reading = readInBackground(openIterator(this.#link), this.#pauseSize);
    this.#running = reading.catch(() => {});
    try {
      const output = await reading;
      return this.#ended ? null : { census: this.#since(before, start), output };
    } finally {
      this.#running = null;
    }
  }

  #count(): Census {
    return this.#decode(this.#census.lookup(KEY) as Buffer);
  }

  #since(before: Census, start: number): Census {
    const after = this.#count();
    this.#lastTook = performance.now() - start;
    return {
      unsettled: after.unsettled - before.unsettled,
      candidates: after.candidates - before.candidates,
      errands: after.errands - before.errands,
      pressing: after.pressing - before.pressing,
      stack_messages: after.stack_messages - before.stack_messages,
      stack_bytes: after.stack_bytes - before.stack_bytes,
    };
  }

  [Symbol.dispose](): void {
    this.#ended = true;
  }
}

/** Runs `sidestep_look`, so that records say what TCP has carried and why. */
export class Looker extends Visitor {
  /** Not while `busy`: two visits at once would count everything twice. */
  look(): Census {
    return this.visitNow().census;
  }

  async lookInBackground(): Promise<Census | null> {
    return (await this.visitInBackground())?.census ?? null;
  }
}

/** Runs `sidestep_tend`: it lets connections join and leave, and names the readers that must be woken. */
export class Tender extends Visitor {
  readonly #attention: BpfMap;
  readonly #decodeLeft: Decoder<LeftSocket>;
  readonly #leftSize: number;
  readonly #settle: (sockets: readonly LeftSocket[]) => void;
  readonly #arm: () => Promise<void>;
  /** An earlier daemon may have died in the middle of a visit. */
  #unfinished = true;
  #unsettled = 0;
  #restUntil = 0;
  #onErrands = false;
  #noErrandsUntil = 0;
  #trouble: unknown = null;

  constructor(
    link: BpfLink,
    maps: IteratorMaps,
    layouts: BtfLayouts,
    settle: (sockets: readonly LeftSocket[]) => void,
    arm: () => Promise<void>,
  ) {
    super(link, maps, layouts, layouts.struct('ss_wake').size);
    this.#attention = maps.attention;
    this.#decodeLeft = layouts.decoder<LeftSocket>('ss_wake');
    this.#leftSize = layouts.struct('ss_wake').size;
    this.#settle = settle;
    this.#arm = arm;
  }

  /** Ends that are to leave, to be woken or to give something back, as of the last visit. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /**
   * Runs where a program in the kernel, or the last run itself, asked for it, and it is not too soon. True when there is more to do. Throws what went
   * wrong on another thread.
   */
  tendIfDue(): boolean {
    const trouble = this.#trouble;
    this.#trouble = null;
    if (trouble) throw trouble;
    if (this.busy || performance.now() < this.#restUntil) return this.#unfinished;
    if (!this.#unfinished && this.#attention.lookup(KEY)?.readUInt32LE(0) !== 1) return false;
    if (this.slow) this.#inBackground(this.#tendInBackground());
    else this.tend();
    // What was asked for leads to more, as often as not: armed first, then enrolled.
    return true;
  }

  /** Not while `busy`: what one visit tells is taken for done by the next one. */
  tend(): void {
    const before = process.cpuUsage();
    this.#clearAttention();
    this.#follow(this.visitNow(), before);
  }

  async #tendInBackground(): Promise<void> {
    const before = process.cpuUsage();
    this.#clearAttention();
    const visit = await this.visitInBackground();
    if (visit) this.#follow(visit, before);
  }

  /** What a visit asks for that began when this process had worked as much as `before`. */
  #follow({ census, output }: { census: Census; output: Buffer }, before: NodeJS.CpuUsage): void {
    this.#deal(census, output);
    this.#restUntil = restAfter(before, MOST_OF_A_PROCESSOR);
    if (census.errands > 0n) this.#runErrands(census.pressing > 0n);
  }

  /**
   * One at a time, and nobody waits for it: it locks every socket, and a program may keep one of them locked for as long as it likes. At once where it is
   * `pressing`: a reader may be waiting to be woken.
   */
  #runErrands(pressing: boolean): void {
    if (this.#onErrands || (performance.now() < this.#noErrandsUntil && !pressing)) return;
    const before = process.cpuUsage();
    this.#onErrands = true;
    const errands = this.#arm().finally(() => {
      this.#onErrands = false;
      this.#noErrandsUntil = Math.min(
        restAfter(before, MOST_OF_A_PROCESSOR),
        performance.now() + LONGEST_REST,
      );
    });
    this.#inBackground(errands);
  }

  /** First of all: what asks while the iterator runs is seen next time. */
  #clearAttention(): void {
    this.#attention.update(KEY, Buffer.alloc(4));
  }

  #deal({ candidates, unsettled, errands }: Census, sockets: Buffer): void {
    const left: LeftSocket[] = [];
    for (let at = 0; at < sockets.length; at += this.#leftSize) left.push(this.#decodeLeft(sockets, at));
    // None: it was only a pause.
    this.#settle(left.filter(({ cookie }) => cookie !== 0n));
    this.#unsettled = Number(unsettled);
    this.#unfinished = candidates > 0n || unsettled > 0n || errands > 0n;
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#trouble = error;
    });
  }
}
