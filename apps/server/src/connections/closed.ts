import type { Connection } from '@sidestep/shared';

const MOST = 1000;
const KEPT_MS = 600_000;

/** Connections that closed within the last ten minutes, the newest thousand of them. */
export class ClosedConnections {
  /** By id, oldest first; `at` is when it was added, on the steady clock. */
  readonly #byId = new Map<string, { readonly at: number; readonly connection: Connection }>();
  readonly #steady: () => number;

  constructor(steady: () => number) {
    this.#steady = steady;
  }

  add(connection: Connection): void {
    this.#byId.delete(connection.id);
    this.#byId.set(connection.id, { at: this.#steady(), connection });
    if (this.#byId.size > MOST) this.#dropOldest();
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Oldest first. */
  list(): Connection[] {
    const limit = this.#steady() - KEPT_MS;
    for (const { at } of this.#byId.values()) {
      if (at > limit) break;
      this.#dropOldest();
    }
    return [...this.#byId.values()].map(({ connection }) => connection);
  }

  #dropOldest(): void {
    const [oldest] = this.#byId.keys();
    if (oldest !== undefined) this.#byId.delete(oldest);
  }
}
