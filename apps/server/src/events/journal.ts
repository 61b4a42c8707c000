import type { Event } from '@sidestep/shared';
import { z } from 'zod';
import { SequenceLog } from '../sequence-log.ts';
import type { Facts } from '../state/facts.ts';
import type { UnnumberedEvent } from './convert.ts';

export const CAPACITY = 50_000;
const NAME = 'events.newest';

const count = z.int().min(0);
const placeSchema = z.object({ ring: z.string(), taken: count, lost: count });
const keptSchema = z.union([
  z.object({ newest: count, place: placeSchema.nullable() }),
  // As the first version kept it.
  count.transform((newest) => ({ newest, place: null })),
]);

/** How far a ring of the kernel is in the journal: so many events were taken from it, and so many that it had no room for were noted. */
export type Place = Readonly<z.infer<typeof placeSchema>>;

/** The newest events in memory. Their numbers go on after a restart; number and place are kept before anybody sees the event. */
export class Journal {
  readonly log: SequenceLog<Event>;
  readonly #facts: Facts;
  #place: Place | null;

  constructor(facts: Facts, capacity: number = CAPACITY) {
    this.#facts = facts;
    const { newest, place } = keptSchema.catch({ newest: 0, place: null }).parse(facts.get(NAME));
    this.log = new SequenceLog(capacity, newest);
    this.#place = place;
  }

  /** Null as long as nothing has come from a kernel. */
  get place(): Place | null {
    return this.#place;
  }

  /** `place` is where the ring stands with these events. */
  append(events: readonly UnnumberedEvent[], place: Place | null = this.#place): void {
    if (events.length === 0) return;
    this.#keep(this.log.newest + events.length, place);
    this.log.append(events);
  }

  /** From here on events come from another ring. */
  begin(place: Place): void {
    this.#keep(this.log.newest, place);
  }

  #keep(newest: number, place: Place | null): void {
    this.#place = place;
    this.#facts.set(NAME, { newest, place });
  }
}
