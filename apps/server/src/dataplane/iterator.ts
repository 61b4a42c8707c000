import { type BpfLink, type BpfMap, type BtfLayouts, type Decoder, readIterator } from '@sidestep/libbpf';
import type { LeftSocket } from './settle.ts';

const KEY = Buffer.alloc(4);
/** Visiting every socket may take at most this share of the time, however many ask for it. */
const MOST_OF_THE_TIME = 1 / 20;

/** What one run of an iterator counted: `struct ss_census`. */
export interface Census {
  /** Ends that are still enrolled in a connection that is to leave. */
  readonly unsettled: bigint;
  /** Ends of connections that could not join at this visit and want another. */
  readonly candidates: bigint;
  /** Ends that want something done by `sidestep_arm`. */
  readonly errands: bigint;
  readonly stack_messages: bigint;
  readonly stack_bytes: bigint;
}

export interface IteratorMaps {
  readonly census: BpfMap;
  readonly attention: BpfMap;
}

/** Runs `sidestep_look` over all our sockets, so that their records say what TCP has carried and why. */
export class Looker {
  readonly #link: BpfLink;
  readonly #census: BpfMap;
  readonly #decode: Decoder<Census>;
  readonly #blank: Buffer;

  constructor(link: BpfLink, { census }: IteratorMaps, layouts: BtfLayouts) {
    this.#link = link;
    this.#census = census;
    this.#decode = layouts.decoder<Census>('ss_census');
    this.#blank = Buffer.alloc(layouts.struct('ss_census').size);
  }

  run(): Census {
    return this.runFor(() => {});
  }

  protected runFor(take: (output: Buffer) => void): Census {
    this.#census.update(KEY, this.#blank);
    take(readIterator(this.#link));
    return this.#decode(this.#census.lookup(KEY) as Buffer);
  }
}

/** Runs `sidestep_tend` over all our sockets: it lets them join and leave, and names the readers that must be woken. */
export class Tender extends Looker {
  readonly #attention: BpfMap;
  readonly #decodeLeft: Decoder<LeftSocket>;
  readonly #leftSize: number;
  readonly #settle: (socket: LeftSocket) => void;
  readonly #arm: () => void;
  /** An earlier daemon may have died in the middle of a visit. */
  #unfinished = true;
  #restUntil = 0;

  constructor(
    link: BpfLink,
    maps: IteratorMaps,
    layouts: BtfLayouts,
    settle: (socket: LeftSocket) => void,
    arm: () => void,
  ) {
    super(link, maps, layouts);
    this.#attention = maps.attention;
    this.#decodeLeft = layouts.decoder<LeftSocket>('ss_wake');
    this.#leftSize = layouts.struct('ss_wake').size;
    this.#settle = settle;
    this.#arm = arm;
  }

  /** Whether a program in the kernel, or the last run itself, asked for a run, and it is not too soon for one. */
  get due(): boolean {
    if (performance.now() < this.#restUntil) return false;
    return this.#unfinished || this.#attention.lookup(KEY)?.readUInt32LE(0) === 1;
  }

  override run(): Census {
    const started = performance.now();
    // Cleared first: what asks while the iterator runs is seen next time.
    this.#attention.update(KEY, Buffer.alloc(4));
    const census = this.runFor((sockets) => {
      for (let at = 0; at < sockets.length; at += this.#leftSize) this.#settle(this.#decodeLeft(sockets, at));
    });
    if (census.errands > 0n) this.#arm();
    this.#unfinished = census.candidates > 0n || census.unsettled > 0n || census.errands > 0n;
    const ended = performance.now();
    this.#restUntil = ended + (ended - started) / MOST_OF_THE_TIME;
    return census;
  }
}
