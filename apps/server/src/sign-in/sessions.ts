import type { DatabaseSync } from 'node:sqlite';
import { hashOf, newSecret } from './secrets.ts';

export const SESSION_SECONDS = 30 * 86_400;

/** Signed-in browsers. Only hashes are kept: who reads the database cannot sign in with it. */
export class Sessions {
  readonly #now: () => number;
  readonly #insert;
  readonly #find;
  readonly #remove;
  readonly #expire;

  constructor(database: DatabaseSync, now: () => number) {
    this.#now = now;
    this.#insert = database.prepare('INSERT INTO sessions VALUES (?, ?)');
    this.#find = database.prepare('SELECT 1 FROM sessions WHERE hash = ? AND expires > ?');
    this.#remove = database.prepare('DELETE FROM sessions WHERE hash = ?');
    this.#expire = database.prepare('DELETE FROM sessions WHERE expires <= ?');
  }

  /** Returns the secret that the browser keeps in its cookie. */
  open(): string {
    const secret = newSecret();
    this.#expire.run(this.#now());
    this.#insert.run(hashOf(secret), this.#now() + SESSION_SECONDS * 1000);
    return secret;
  }

  holds(secret: string): boolean {
    return this.#find.get(hashOf(secret), this.#now()) !== undefined;
  }

  close(secret: string): void {
    this.#remove.run(hashOf(secret));
  }
}
