import type { DatabaseSync } from 'node:sqlite';

/** Small named values that outlive the daemon, kept as JSON. */
export class Facts {
  readonly #read;
  readonly #write;

  constructor(database: DatabaseSync) {
    this.#read = database.prepare('SELECT value FROM facts WHERE name = ?');
    this.#write = database.prepare(
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

  set(name: string, value: unknown): void {
    this.#write.run(name, JSON.stringify(value));
  }
}
