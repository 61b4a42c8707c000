/** `burst` wrong tries are free, then one every `refillMs`. */
interface Bucket {
  readonly burst: number;
  readonly refillMs: number;
}

const PER_SOURCE: Bucket = { burst: 10, refillMs: 1000 };
const GLOBAL: Bucket = { burst: 100, refillMs: 200 };
const MOST_SOURCES = 10_000;

/** Slows guessing down, for each source and for all of them together. */
export class Throttle {
  /** The time at which a bucket is full again; a bucket that is not here is full. */
  readonly #fullAt = new Map<string, number>();
  #globalFullAt = Number.NEGATIVE_INFINITY;
  readonly #steady: () => number;

  constructor(steady: () => number) {
    this.#steady = steady;
  }

  /** Milliseconds until the source may try again; 0 when it may now. */
  wait(source: string): number {
    const now = this.#steady();
    return Math.max(
      waitOf(PER_SOURCE, this.#fullAt.get(source) ?? now, now),
      waitOf(GLOBAL, this.#globalFullAt, now),
    );
  }

  wrong(source: string): void {
    const now = this.#steady();
    this.#globalFullAt = Math.max(this.#globalFullAt, now) + GLOBAL.refillMs;
    const fullAt = Math.max(this.#fullAt.get(source) ?? now, now) + PER_SOURCE.refillMs;
    this.#fullAt.delete(source);
    this.#fullAt.set(source, fullAt);
    const [oldest] = this.#fullAt.keys();
    if (this.#fullAt.size > MOST_SOURCES && oldest !== undefined) this.#fullAt.delete(oldest);
  }
}

function waitOf({ burst, refillMs }: Bucket, fullAt: number, now: number): number {
  return Math.max(0, fullAt - now - (burst - 1) * refillMs);
}
