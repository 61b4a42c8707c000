import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BpfMap, BtfLayouts } from '@sidestep/libbpf';
import type { TestDaemon } from '../kernel/support/test-daemon.ts';

const OBJECT = join(import.meta.dirname, '../../../../bpf/build/sidestep.o');
const TOTALS = 'map_totals';
const KEY = Buffer.alloc(4);
const SETTLE_MS = 60_000;
const BETWEEN_MS = 250;

/** The part of `struct ss_totals` that counts events. */
type Counted = Readonly<Record<'events_sent' | 'events_lost' | 'left_out', bigint>>;

/** Where every event since switching on has gone, as counted at each place that it passes. */
export interface Account {
  /** The kernel's own count, read from its map: what it wanted to send, what of that found no room, and what it did not want to send. */
  readonly kernel: { readonly sent: number; readonly lost: number; readonly leftOut: number };
  /** As the daemon says it in its status. */
  readonly status: { readonly received: number; readonly lost: number; readonly leftOut: number };
  /** Events that the daemon has numbered, its own marks left out. */
  readonly numbered: number;
  /** What its marks about losses say together. */
  readonly marked: number;
}

/** Keeps the account of a daemon that is fresh and not switched on yet. */
export class Ledger implements Disposable {
  readonly #daemon: TestDaemon;
  readonly #decode = BtfLayouts.fromObject(OBJECT).decoder<Counted>('ss_totals');
  readonly #marks: { unsubscribe(): void };
  #marksSeen = 0;
  #marked = 0;
  #trouble: string | null = null;

  constructor(daemon: TestDaemon) {
    this.#daemon = daemon;
    this.#marks = daemon.api.events.follow.subscribe(
      { kinds: ['enabled', 'disabled', 'lost'], lastEventId: '0' },
      {
        onData: ({ data: { events, missed } }) => {
          if (missed > 0) this.#trouble ??= `${missed} events were gone before they could be counted.`;
          this.#marksSeen += events.length;
          for (const { count } of events) this.#marked += count ?? 0;
        },
        onError: (error) => {
          this.#trouble ??= error.message;
        },
      },
    );
  }

  /** As soon as nothing is under way any more and the account is right; as it then is if it does not become right in a minute. */
  async settled(): Promise<Account> {
    const end = performance.now() + SETTLE_MS;
    for (let before = ''; ; ) {
      const account = await this.#read();
      const now = JSON.stringify(account);
      if (now === before && (differencesIn(account).length === 0 || performance.now() > end)) return account;
      before = now;
      await sleep(BETWEEN_MS);
    }
  }

  async #read(): Promise<Account> {
    const [newest] = (await this.#daemon.api.events.list.query({ limit: 1 })).events;
    const { events, leftOut } = await this.#daemon.api.acceleration.status.query();
    if (this.#trouble) throw new Error(this.#trouble);
    return {
      kernel: this.kernel(),
      status: { ...events, leftOut },
      numbered: (newest?.seq ?? 0) - this.#marksSeen,
      marked: this.#marked,
    };
  }

  /** The kernel's own count at this moment; the daemon need not run. */
  kernel(): Account['kernel'] {
    using totals = BpfMap.openPinned(join(this.#daemon.pinDir, TOTALS));
    const counted = (totals.lookupPerCpu(KEY) ?? []).map((value) => this.#decode(value));
    const sum = (field: keyof Counted) => counted.reduce((all, one) => all + Number(one[field]), 0);
    return { sent: sum('events_sent'), lost: sum('events_lost'), leftOut: sum('left_out') };
  }

  [Symbol.dispose](): void {
    this.#marks.unsubscribe();
  }
}

/** One sentence for each count that is not the kernel's. */
export function differencesIn({ kernel, status, numbered, marked }: Account): string[] {
  const counts: [what: string, count: number, should: number][] = [
    ['numbered by the daemon and lost in the kernel', numbered + kernel.lost, kernel.sent],
    ['marked as lost', marked, kernel.lost],
    ['received, as the status says', status.received, kernel.sent - kernel.lost],
    ['lost, as the status says', status.lost, kernel.lost],
    ['left out, as the status says', status.leftOut, kernel.leftOut],
  ];
  return counts
    .filter(([, count, should]) => count !== should)
    .map(([what, count, should]) => `Events ${what}: ${count}, and the kernel counted ${should}.`);
}
