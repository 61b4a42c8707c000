import type { Database } from '../state/database.ts';
import { Links } from './links.ts';
import { hashOf, isSame } from './secrets.ts';
import { Sessions } from './sessions.ts';
import { Throttle } from './throttle.ts';

export type Exchange =
  | { readonly outcome: 'signed in'; readonly session: string }
  | { readonly outcome: 'wrong' }
  /** Wrong as well, after too many wrong tries. */
  | { readonly outcome: 'slowed'; readonly retryAfterSeconds: number };

export interface AccessOptions {
  readonly database: Database;
  /** The long-lived token of the state folder. */
  readonly token: string;
  readonly now: () => number;
  readonly steady: () => number;
}

/** Who may come in: one-time links and the token are exchanged for sessions. */
export class Access {
  readonly #token: Buffer;
  readonly #links: Links;
  readonly #sessions: Sessions;
  readonly #throttle: Throttle;

  constructor({ database, token, now, steady }: AccessOptions) {
    this.#token = hashOf(token);
    this.#links = new Links(steady);
    this.#sessions = new Sessions(database, now);
    this.#throttle = new Throttle(steady);
  }

  /** A fresh one-time code. */
  newCode(): string {
    return this.#links.make();
  }

  /** `source` is the address that asks. */
  exchange(code: string, source: string): Exchange {
    // Compared first, so that nobody can lock the owner out with wrong tries: 256 bits are not guessed at any speed.
    if (this.#links.use(code) || this.isToken(code))
      return { outcome: 'signed in', session: this.#sessions.open() };
    const wait = this.#throttle.wait(source);
    if (wait > 0) return { outcome: 'slowed', retryAfterSeconds: Math.ceil(wait / 1000) };
    this.#throttle.wrong(source);
    return { outcome: 'wrong' };
  }

  isToken(text: string): boolean {
    return isSame(hashOf(text), this.#token);
  }

  holdsSession(secret: string): boolean {
    return this.#sessions.holds(secret);
  }

  signOut(secret: string): void {
    this.#sessions.close(secret);
  }
}
