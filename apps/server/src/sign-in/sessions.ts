import type { Database } from '../state/database.ts';
import { joinHalves } from './halves.ts';
import { hashOf, newSecret } from './secrets.ts';

export const SESSION_SECONDS = 30 * 86_400;
/** How far the clock may have been set back since the browser signed in. */
const SET_BACK_MS = 86_400_000;

/** Signed-in browsers. Only hashes are kept: who reads the database cannot sign in with it. */
export class Sessions {
  readonly #now: () => number;
  readonly #insert;
  readonly #find;
  readonly #remove;
  readonly #expire;

  constructor(database: Database, now: () => number) {
    this.#now = now;
    this.#insert = database.change('INSERT INTO sessions VALUES (?, ?)');
    this.#find = database.prepare('SELECT 1 FROM sessions WHERE hash = ? AND expires > ? AND expires <= ?');
    this.#remove = database.change('DELETE FROM sessions WHERE hash = ?');
    this.#expire = database.change('DELETE FROM sessions WHERE expires <= ?');
  }

  /** Returns the secret, of whose halves the browser keeps one in its cookie and one in the page's storage. */
  open(): string {
    const secret = joinHalves({ cookie: newSecret(), key: newSecret() });
    this.#expire.run(this.#now());
    this.#insert.run(hashOf(secret), this.#now() + SESSION_SECONDS * 1000);
    return secret;
  }

  holds(secret: string): boolean {
    const now = this.#now();
    // One that ends later was made while the clock was wrong, and would be good for years.
    const latest = now + SESSION_SECONDS * 1000 + SET_BACK_MS;
    return this.#find.get(hashOf(secret), now, latest) !== undefined;
  }

  close(secret: string): void {
    this.#remove.run(hashOf(secret));
  }
}
