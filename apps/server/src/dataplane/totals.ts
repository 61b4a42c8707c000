import type { BpfMap, BtfLayouts, Decoder } from '@sidestep/libbpf';
import type { DataPlaneTotals } from './dataplane.ts';
import type { Looker } from './iterator.ts';

const KEY = Buffer.alloc(4);
/** Visiting every socket to sum what TCP carried may take at most this share of the time. */
const MOST_OF_THE_TIME = 1 / 50;

interface TotalsRecord {
  readonly bypass_messages: bigint;
  readonly bypass_bytes: bigint;
  readonly closed_stack_messages: bigint;
  readonly closed_stack_bytes: bigint;
  readonly events_sent: bigint;
  readonly events_lost: bigint;
  readonly left_out: bigint;
  readonly untracked: bigint;
}

/** Sums up what went by each path: exact for the bypass, as of the last visit by the iterator for the stack. */
export class Totals {
  readonly #map: BpfMap;
  readonly #looker: Looker;
  readonly #decode: Decoder<TotalsRecord>;
  #stack = { messages: 0, bytes: 0 };
  #visited = 0;
  #took = 0;

  constructor(map: BpfMap, looker: Looker, layouts: BtfLayouts) {
    this.#map = map;
    this.#looker = looker;
    this.#decode = layouts.decoder<TotalsRecord>('ss_totals');
  }

  read(): DataPlaneTotals {
    const now = performance.now();
    if (now - this.#visited >= this.#took / MOST_OF_THE_TIME) this.#visit(now);
    const { messages, bytes, events, untracked } = this.#sum();
    return {
      bytes: { bypass: bytes.bypass, stack: this.#stack.bytes },
      messages: { bypass: messages.bypass, stack: this.#stack.messages },
      events,
      untracked,
    };
  }

  #visit(now: number): void {
    // The closed ones first: a connection that closes between the two counts stands in neither, and in the next ones.
    const { messages, bytes } = this.#sum();
    const census = this.#looker.run();
    this.#stack = {
      messages: Math.max(this.#stack.messages, messages.closedStack + Number(census.stack_messages)),
      bytes: Math.max(this.#stack.bytes, bytes.closedStack + Number(census.stack_bytes)),
    };
    this.#visited = now;
    this.#took = performance.now() - now;
  }

  #sum() {
    const records = (this.#map.lookupPerCpu(KEY) ?? []).map((value) => this.#decode(value));
    const sum = (field: keyof TotalsRecord) =>
      records.reduce((total, record) => total + Number(record[field]), 0);
    return {
      messages: { bypass: sum('bypass_messages'), closedStack: sum('closed_stack_messages') },
      bytes: { bypass: sum('bypass_bytes'), closedStack: sum('closed_stack_bytes') },
      events: { sent: sum('events_sent'), lost: sum('events_lost'), leftOut: sum('left_out') },
      untracked: sum('untracked'),
    };
  }
}
