import type { BpfMap, BtfLayouts, Decoder } from '@sidestep/libbpf';
import type { DataPlaneTotals } from './dataplane.ts';
import type { Census, Looker } from './iterator.ts';

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

interface Sums {
  readonly messages: { readonly bypass: number; readonly closedStack: number };
  readonly bytes: { readonly bypass: number; readonly closedStack: number };
  readonly events: DataPlaneTotals['events'];
  readonly untracked: number;
  readonly leftOut: number;
}

/** Sums up what went by each path: of the bypass at this moment (where the kernel preempts programs, one that is in the middle of counting may cost another its message), and as of the last visit by the iterator for the stack. */
export class Totals {
  readonly #map: BpfMap;
  readonly #looker: Looker;
  readonly #decode: Decoder<TotalsRecord>;
  #stack = { messages: 0, bytes: 0 };
  #visited = 0;

  constructor(map: BpfMap, looker: Looker, layouts: BtfLayouts) {
    this.#map = map;
    this.#looker = looker;
    this.#decode = layouts.decoder<TotalsRecord>('ss_totals');
  }

  read(): DataPlaneTotals {
    const due = performance.now() - this.#visited >= this.#looker.took / MOST_OF_THE_TIME;
    if (due && !this.#looker.busy) this.#visit();
    const { messages, bytes, events, untracked, leftOut } = this.#sum();
    return {
      bytes: { bypass: bytes.bypass, stack: this.#stack.bytes },
      messages: { bypass: messages.bypass, stack: this.#stack.messages },
      events,
      untracked,
      leftOut,
    };
  }

  /** Where that takes long, the next reading has the result. */
  #visit(): void {
    this.#visited = performance.now();
    // The closed ones first: a connection that closes between the two counts stands in neither, and in the next ones.
    const closed = this.#sum();
    if (!this.#looker.slow) {
      this.#add(closed, this.#looker.look());
      return;
    }
    this.#looker.lookInBackground().then(
      (census) => census && this.#add(closed, census),
      // It is due again soon, and whoever wants the connections is told.
      () => {},
    );
  }

  #add({ messages, bytes }: Sums, census: Census): void {
    this.#stack = {
      messages: Math.max(this.#stack.messages, messages.closedStack + Number(census.stack_messages)),
      bytes: Math.max(this.#stack.bytes, bytes.closedStack + Number(census.stack_bytes)),
    };
  }

  #sum(): Sums {
    const records = (this.#map.lookupPerCpu(KEY) ?? []).map((value) => this.#decode(value));
    const sum = (field: keyof TotalsRecord) =>
      records.reduce((total, record) => total + Number(record[field]), 0);
    return {
      messages: { bypass: sum('bypass_messages'), closedStack: sum('closed_stack_messages') },
      bytes: { bypass: sum('bypass_bytes'), closedStack: sum('closed_stack_bytes') },
      events: { sent: sum('events_sent'), lost: sum('events_lost') },
      leftOut: sum('left_out'),
      untracked: sum('untracked'),
    };
  }
}
