import type { Database } from './database.ts';

/** Small named values that outlive the daemon, kept as JSON. */
export class Facts {
  readonly #read;
  readonly #write;

  constructor(database: Database) {
    this.#read = database.prepare('SELECT value FROM facts WHERE name = ?');
    this.#write = database.change(
      'INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
  }

  /** Undefined when nothing is kept under the name, or nothing that can be read. Callers check what they get. */
  get(name: string): unknown {
    const value = this.#read.get(name)?.value;
    if (value === undefined) return undefined;
    try {
      return JSON.parse(String(value));
    } catch {
      return undefined;
    }
  }

  /** Kept in memory where the disk does not take it. */
  set(name: string, value: unknown): void {
    this.#write.run(name, JSON.stringify(value));
  }

  /** Throws what the disk answers when it does not take it; then nothing has changed. */
  save(name: string, value: unknown): void {
    this.#write.save(name, JSON.stringify(value));
  }
}
