import type { DataPlane, DataPlaneTotals } from '../dataplane/dataplane.ts';

const NOTHING: DataPlaneTotals = {
  bytes: { bypass: 0, stack: 0 },
  messages: { bypass: 0, stack: 0 },
  events: { sent: 0, lost: 0 },
  untracked: 0,
  leftOut: 0,
};

/** The kernel's totals since enabling. They stand still once acceleration is off, until the next enabling. */
export class Counters {
  readonly #dataPlane: DataPlane;
  #totals = NOTHING;

  constructor(dataPlane: DataPlane) {
    this.#dataPlane = dataPlane;
  }

  /** As of the last `refresh`. */
  get totals(): DataPlaneTotals {
    return this.#totals;
  }

  /** Events that reached this process or one before it, and those that did not. */
  get events(): { received: number; lost: number } {
    const { sent, lost } = this.#totals.events;
    return { received: Math.max(0, sent - lost), lost };
  }

  /** Whether anything is counted at all. */
  get counting(): boolean {
    return this.#dataPlane.enabled;
  }

  refresh(): DataPlaneTotals {
    if (this.counting) this.#totals = this.#dataPlane.totals();
    return this.#totals;
  }

  reset(): void {
    this.#totals = NOTHING;
  }
}
