import { setTimeout as sleep } from 'node:timers/promises';
import type { Reason, Status } from '@sidestep/shared';
import { breathe } from '../breathe.ts';
import type { DataPlane, OpenConnections } from '../dataplane/dataplane.ts';
import type { ClosedConnections } from './closed.ts';
import { ListedConnections } from './listed.ts';
import { RateWindow } from './rates.ts';
import type { Selection } from './selection.ts';

/** At least this many times as long as a look takes lies between two looks, however many connections there are. */
const REST = 5;
/** Nobody waits for longer than so many milliseconds who can have a look that is younger than this, and not at all where the last one took longer. */
const LONG_MS = 50;
const STALE_MS = 15_000;

const NONE = ListedConnections.all([]);

export interface SamplerOptions {
  readonly dataPlane: DataPlane;
  readonly closed: ClosedConnections;
  /** Takes pending events, so that a connection is either among the open ones or among the closed ones. */
  readonly takeEvents: () => void;
  readonly steady: () => number;
}

export interface Sample {
  /** Milliseconds on the steady clock. */
  readonly at: number;
  readonly open: Selection;
  readonly closed: Selection;
  readonly summary: Summary;
}

/** What `Sample` says in a few numbers. */
export type Summary = Pick<Status, 'connections' | 'reasons'>;

const NOTHING: Summary = { connections: { open: 0, bypassing: 0 }, reasons: [] };

/** Looks at the kernel's connections only when somebody asks, and shares the look among all who ask at about the same time. */
export class ConnectionSampler {
  readonly #options: SamplerOptions;
  #rates = new RateWindow();
  #latest: Sample | null = null;
  #looking: Promise<Sample> | null = null;
  #cost = 0;
  /** Grows with each `forget`: what a look finds that began before is not kept. */
  #generation = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** A look that is at most `maxAge` milliseconds old, or older if looking takes long. */
  async sample(maxAge: number): Promise<Sample> {
    const latest = this.#latest;
    const age = this.#ageOf(latest);
    if (latest && age < Math.max(maxAge, this.#cost * REST)) return latest;
    const looking = this.#look();
    if (!latest || age > STALE_MS) return looking;
    // What goes wrong is said to those who wait for it.
    looking.catch(() => {});
    // The first look at a crowd may take as long as it takes the crowd to come: how long the last one took says nothing of it.
    return this.#cost < LONG_MS ? Promise.race([looking, sleep(LONG_MS, latest)]) : latest;
  }

  /** The next look is a fresh one. */
  forget(): void {
    this.#latest = null;
    this.#looking = null;
    this.#rates = new RateWindow();
    this.#cost = 0;
    this.#generation++;
  }

  async summary(maxAge: number): Promise<Summary> {
    return (await this.sample(maxAge)).summary;
  }

  /** What is known at this moment; if that is older, the next time it is not. */
  summaryAtOnce(maxAge: number): Summary {
    this.sample(maxAge).catch(() => {});
    return this.#latest?.summary ?? NOTHING;
  }

  #ageOf(sample: Sample | null): number {
    return sample ? this.#options.steady() - sample.at : Number.POSITIVE_INFINITY;
  }

  #look(): Promise<Sample> {
    if (this.#looking) return this.#looking;
    const looking = this.#lookNow().finally(() => {
      if (this.#looking === looking) this.#looking = null;
    });
    this.#looking = looking;
    return looking;
  }

  async #lookNow(): Promise<Sample> {
    const { dataPlane, takeEvents, steady } = this.#options;
    if (!dataPlane.enabled) this.#rates = new RateWindow();
    const [generation, rates, start] = [this.#generation, this.#rates, steady()];
    const table = dataPlane.enabled ? await dataPlane.connections() : null;
    takeEvents();
    const sample = await this.#sampleOf(table ?? NONE.table, rates, steady());
    if (generation === this.#generation) {
      this.#latest = sample;
      this.#cost = steady() - start;
    }
    return sample;
  }

  /** Ten milliseconds or so for each step, where there are a hundred thousand. */
  async #sampleOf(table: OpenConnections, rates: RateWindow, at: number): Promise<Sample> {
    const closed = ListedConnections.all(this.#options.closed.list());
    rates.look(table, at);
    await breathe();
    const open = { table, rows: rowsOf(table, closed), rates };
    await breathe();
    return { at, open, closed, summary: summaryOf(open) };
  }
}

/** The open ones, without those that have closed since they were read. */
function rowsOf(table: OpenConnections, closed: Selection): Uint32Array {
  const idOf = ({ table }: Pick<Selection, 'table'>, row: number) =>
    `${table.idHigh(row)} ${table.idLow(row)}`;
  const low = new Set(Array.from(closed.rows, (row) => closed.table.idLow(row)));
  const ids = new Set(Array.from(closed.rows, (row) => idOf(closed, row)));
  const rows = new Uint32Array(table.rows);
  let count = 0;
  for (let row = 0; row < table.rows; row++) {
    if (!table.has(row) || (low.has(table.idLow(row)) && ids.has(idOf({ table }, row)))) continue;
    rows[count++] = row;
  }
  return rows.slice(0, count);
}

function summaryOf({ table, rows }: Selection): Summary {
  const reasons = new Map<Reason, number>();
  let bypassing = 0;
  for (const row of rows) {
    if (table.path(row) === 'bypass') {
      bypassing++;
      continue;
    }
    const reason = table.reason(row, 0) ?? table.reason(row, 1);
    if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return {
    connections: { open: rows.length, bypassing },
    reasons: [...reasons]
      .map(([reason, connections]) => ({ reason, connections }))
      .sort((a, b) => b.connections - a.connections),
  };
}
