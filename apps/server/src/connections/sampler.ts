import { type Connection, pathOf, type Reason, reasonOf, type Status } from '@sidestep/shared';
import type { DataPlane } from '../dataplane/dataplane.ts';
import type { ClosedConnections } from './closed.ts';
import { RateWindow } from './rates.ts';

/** At least this many times as long as a look takes lies between two looks, however many connections there are. */
const REST = 5;

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
  readonly open: readonly Connection[];
  readonly closed: readonly Connection[];
}

/** What `Sample` says in a few numbers. */
export type Summary = Pick<Status, 'connections' | 'reasons'>;

/** Looks at the kernel's connections only when somebody asks, and shares the look among all who ask at about the same time. */
export class ConnectionSampler {
  readonly #options: SamplerOptions;
  #rates = new RateWindow();
  #latest: Sample | null = null;
  #cost = 0;
  #summary: { readonly of: Sample; readonly summary: Summary } | null = null;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** A look that is at most `maxAge` milliseconds old, or older if looking takes long. */
  sample(maxAge: number): Sample {
    const { dataPlane, closed, takeEvents, steady } = this.#options;
    const age = this.#latest ? steady() - this.#latest.at : Number.POSITIVE_INFINITY;
    if (this.#latest && age < Math.max(maxAge, this.#cost * REST)) return this.#latest;
    if (!dataPlane.enabled) this.#rates = new RateWindow();

    const start = performance.now();
    const open = dataPlane.enabled ? dataPlane.connections() : [];
    takeEvents();
    const at = steady();
    const stillOpen = this.#rates.rated(
      open.filter(({ id }) => !closed.has(id)),
      at,
    );
    this.#latest = { at, open: stillOpen, closed: closed.list() };
    this.#cost = performance.now() - start;
    return this.#latest;
  }

  /** The next look is a fresh one. */
  forget(): void {
    this.#latest = null;
    this.#cost = 0;
  }

  summary(maxAge: number): Summary {
    const sample = this.sample(maxAge);
    if (this.#summary?.of !== sample) this.#summary = { of: sample, summary: summaryOf(sample.open) };
    return this.#summary.summary;
  }
}

function summaryOf(open: readonly Connection[]): Summary {
  const reasons = new Map<Reason, number>();
  let bypassing = 0;
  for (const connection of open) {
    const reason = reasonOf(connection);
    if (pathOf(connection) === 'bypass') bypassing++;
    else if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return {
    connections: { open: open.length, bypassing },
    reasons: [...reasons]
      .map(([reason, connections]) => ({ reason, connections }))
      .sort((a, b) => b.connections - a.connections),
  };
}
