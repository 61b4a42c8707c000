import { type BpfLink, type BpfMap, type BtfLayouts, type Decoder, readIterator } from '@sidestep/libbpf';

import type { SleepingReader } from './wake.ts';

const KEY = Buffer.alloc(4);

/** What one run of the iterator counted: `struct ss_census`. */
export interface Census {
  readonly open: bigint;
  readonly bypassing: bigint;
  /** Ends that are still enrolled in a connection that is to leave. */
  readonly unsettled: bigint;
  /** Connections that could not join at this visit and want another. */
  readonly candidates: bigint;
  readonly stack_messages: bigint;
  readonly stack_bytes: bigint;
}

/** Runs `sidestep_tend` over all our sockets: it refreshes the counters in their records and lets them join and leave. */
export class Tender {
  readonly #link: BpfLink;
  readonly #census: BpfMap;
  readonly #attention: BpfMap;
  readonly #decode: Decoder<Census>;
  readonly #decodeWake: Decoder<SleepingReader>;
  readonly #wakeSize: number;
  readonly #wake: (reader: SleepingReader) => void;
  readonly #blank: Buffer;
  #unfinished = false;

  constructor(
    link: BpfLink,
    census: BpfMap,
    attention: BpfMap,
    layouts: BtfLayouts,
    wake: (reader: SleepingReader) => void,
  ) {
    this.#link = link;
    this.#census = census;
    this.#attention = attention;
    this.#decode = layouts.decoder<Census>('ss_census');
    this.#decodeWake = layouts.decoder<SleepingReader>('ss_wake');
    this.#wakeSize = layouts.struct('ss_wake').size;
    this.#wake = wake;
    this.#blank = Buffer.alloc(layouts.struct('ss_census').size);
  }

  /** Whether a program in the kernel, or the last run itself, asked for a run. */
  get due(): boolean {
    return this.#unfinished || this.#attention.lookup(KEY)?.readUInt32LE(0) === 1;
  }

  run(): Census {
    // Cleared first: what asks while the iterator runs is seen next time.
    this.#attention.update(KEY, Buffer.alloc(4));
    this.#census.update(KEY, this.#blank);
    const readers = readIterator(this.#link);
    for (let at = 0; at < readers.length; at += this.#wakeSize) this.#wake(this.#decodeWake(readers, at));
    const census = this.#decode(this.#census.lookup(KEY) as Buffer);
    this.#unfinished = census.candidates > 0n || census.unsettled > 0n;
    return census;
  }
}
