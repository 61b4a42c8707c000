import { hashOf, newSecret } from './secrets.ts';

const LIFETIME_MS = 24 * 3_600_000;
const MOST = 100;

/** One-time codes: each signs one browser in, once, within a day. The oldest makes room when there are a hundred. */
export class Links {
  /** By hash in hex: a look-up then tells nothing about the codes themselves. */
  readonly #expiry = new Map<string, number>();
  readonly #steady: () => number;

  constructor(steady: () => number) {
    this.#steady = steady;
  }

  make(): string {
    const code = newSecret();
    this.#expiry.set(hashOf(code).toString('hex'), this.#steady() + LIFETIME_MS);
    const [oldest] = this.#expiry.keys();
    if (this.#expiry.size > MOST && oldest !== undefined) this.#expiry.delete(oldest);
    return code;
  }

  /** Whether the code was alive. It is dead afterwards. */
  use(code: string): boolean {
    const key = hashOf(code).toString('hex');
    const expiry = this.#expiry.get(key);
    this.#expiry.delete(key);
    return expiry !== undefined && expiry > this.#steady();
  }
}
