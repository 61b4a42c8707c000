import { Changes } from './changes.ts';

/** What was read: `last` is the highest number looked at, `missed` counts those that were asked for and are no longer held. */
export interface Read<Entry> {
  readonly entries: Entry[];
  readonly last: number;
  readonly missed: number;
}

/** The newest entries of a numbered sequence, in memory. Numbers grow by one; the oldest entry makes room for the newest. */
export class SequenceLog<Entry extends { readonly seq: number }> {
  readonly changes = new Changes();
  readonly #ring: Entry[] = [];
  readonly #capacity: number;
  #newest: number;
  #held = 0;

  /** `newest` is the number of the last entry that was ever made, by this process or one before it. */
  constructor(capacity: number, newest: number) {
    this.#capacity = capacity;
    this.#newest = newest;
  }

  get newest(): number {
    return this.#newest;
  }

  /** Numbers the entries and tells the readers, once. */
  append(entries: readonly Omit<Entry, 'seq'>[]): void {
    for (const entry of entries) {
      const seq = ++this.#newest;
      this.#ring[seq % this.#capacity] = { seq, ...entry } as unknown as Entry;
    }
    this.#held = Math.min(this.#capacity, this.#held + entries.length);
    if (entries.length > 0) this.changes.notify();
  }

  /** The next `count` numbers are not ours to give: their entries are gone, and with them those before. */
  pass(count: number): void {
    if (count === 0) return;
    this.#newest += count;
    this.#held = 0;
    this.changes.notify();
  }

  /** The entries that follow `seq`, oldest first, at most `max`. A number from the future counts as the newest. */
  after(seq: number, max: number): Read<Entry> {
    const from = Math.min(seq, this.#newest);
    const start = Math.max(from, this.#newest - this.#held);
    const last = Math.min(start + max, this.#newest);
    return { entries: this.#slice(start, last), last, missed: start - from };
  }

  /** The newest entries before `seq` that pass, oldest first, at most `max`. */
  before(seq: number, max: number, passes: (entry: Entry) => boolean): Entry[] {
    const found: Entry[] = [];
    for (
      let at = Math.min(seq - 1, this.#newest);
      at > this.#newest - this.#held && found.length < max;
      at--
    ) {
      const entry = this.#ring[at % this.#capacity];
      if (entry && passes(entry)) found.push(entry);
    }
    return found.reverse();
  }

  #slice(after: number, last: number): Entry[] {
    const entries: Entry[] = [];
    for (let seq = after + 1; seq <= last; seq++) {
      const entry = this.#ring[seq % this.#capacity];
      if (entry) entries.push(entry);
    }
    return entries;
  }
}
