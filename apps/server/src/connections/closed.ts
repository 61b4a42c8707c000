import type { Connection } from '@sidestep/shared';

const MOST = 1000;
const KEPT_MS = 600_000;

/** Connections that closed within the last ten minutes, the newest thousand of them. */
export class ClosedConnections {
  /** By id, oldest first. */
  readonly #byId = new Map<string, Connection>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(connection: Connection): void {
    this.#byId.delete(connection.id);
    this.#byId.set(connection.id, connection);
    if (this.#byId.size > MOST) this.#dropOldest();
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Oldest first. */
  list(): Connection[] {
    const limit = this.#now() - KEPT_MS;
    for (const { closedAt } of this.#byId.values()) {
      if (closedAt !== null && Date.parse(closedAt) > limit) break;
      this.#dropOldest();
    }
    return [...this.#byId.values()];
  }

  #dropOldest(): void {
    const [oldest] = this.#byId.keys();
    if (oldest !== undefined) this.#byId.delete(oldest);
  }
}
