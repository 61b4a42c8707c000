import type { Event } from '@sidestep/shared';
import { z } from 'zod';
import { SequenceLog } from '../sequence-log.ts';
import type { Facts } from '../state/facts.ts';
import type { UnnumberedEvent } from './convert.ts';

export const CAPACITY = 50_000;
const NAME = 'events.newest';
/** Numbers that may be given before it is kept how far we are. */
const RESERVE = 1000;

const count = z.int().min(0);
const placeSchema = z.object({ ring: z.string(), taken: count, lost: count });
const keptSchema = z.union([
  // `upTo`: no number above it was given. Earlier versions kept each number before it was.
  z.object({ newest: count, upTo: count.optional(), place: placeSchema.nullable() }),
  // As the first version kept it.
  count.transform((newest) => ({ newest, upTo: newest, place: null })),
]);

/** How far a ring of the kernel is in the journal: so many events were taken from it, and so many that it had no room for were noted. Each event that is taken gets the next number. */
export type Place = Readonly<z.infer<typeof placeSchema>>;

/**
 * The newest events in memory. Their numbers go on after a restart, and none is given twice: number and place are kept before anybody sees an event of the daemon's own, and once a
 * second where events come from the kernel, for the ring itself knows how many were taken from it since then. Where the ring has gone meanwhile, numbers go on behind a reserve.
 */
export class Journal {
  readonly log: SequenceLog<Event>;
  readonly #facts: Facts;
  #place: Place | null;
  #keptUpTo: number;
  /** Numbers that an earlier process may have given since it last kept how far it was. */
  #unsure: number;

  constructor(facts: Facts, capacity: number = CAPACITY) {
    this.#facts = facts;
    const kept = keptSchema.catch({ newest: 0, place: null }).parse(facts.get(NAME));
    this.log = new SequenceLog(capacity, kept.newest);
    this.#place = kept.place;
    this.#keptUpTo = kept.newest;
    this.#unsure = Math.max(0, (kept.upTo ?? kept.newest) - kept.newest);
  }

  /** Null as long as nothing has come from a kernel. */
  get place(): Place | null {
    return this.#place;
  }

  /** Of the daemon's own. */
  append(events: readonly UnnumberedEvent[], place: Place | null = this.#place): void {
    if (events.length === 0) return;
    this.#keep(this.log.newest + events.length, place);
    this.log.append(events);
  }

  /** From the ring, which stands at `place` with these. */
  take(events: readonly UnnumberedEvent[], place: Place): void {
    if (events.length === 0) return;
    this.#place = place;
    // Before anybody sees them, where the reserve would not do.
    if (this.log.newest + events.length > this.#keptUpTo + RESERVE)
      this.#keep(this.log.newest + events.length, place);
    this.log.append(events);
  }

  /** From here on events come from another ring. */
  begin(place: Place): void {
    this.pass(this.#unsure, place);
  }

  /** An earlier process has taken so many more from the ring than it has kept the number of, up to `place`. They had the next numbers, and are gone with it. */
  pass(count: number, place: Place): void {
    this.#unsure = 0;
    this.log.pass(count);
    this.#keep(this.log.newest, place);
  }

  /** What is not kept yet. */
  keep(): void {
    if (this.#keptUpTo < this.log.newest) this.#keep(this.log.newest, this.#place);
  }

  /** Nothing comes from the kernel, or not any more: no reserve is needed. */
  end(): void {
    this.log.pass(this.#unsure);
    this.#unsure = 0;
    this.#keep(this.log.newest, this.#place, 0);
  }

  #keep(newest: number, place: Place | null, reserve: number = RESERVE): void {
    this.#place = place;
    this.#facts.set(NAME, { newest, upTo: newest + reserve, place });
    this.#keptUpTo = newest;
  }
}
