import type { Event } from '@sidestep/shared';
import { z } from 'zod';
import { SequenceLog } from '../sequence-log.ts';
import type { Facts } from '../state/facts.ts';
import type { UnnumberedEvent } from './convert.ts';

const CAPACITY = 50_000;
const NAME = 'events.newest';

/** The newest events in memory. Their numbers go on after a restart; the number is kept before anybody sees the event. */
export class Journal {
  readonly log: SequenceLog<Event>;
  readonly #facts: Facts;

  constructor(facts: Facts, capacity: number = CAPACITY) {
    this.#facts = facts;
    this.log = new SequenceLog(capacity, z.int().min(0).catch(0).parse(facts.get(NAME)));
  }

  append(events: readonly UnnumberedEvent[]): void {
    if (events.length === 0) return;
    try {
      this.#facts.set(NAME, this.log.newest + events.length);
    } finally {
      // A full disk may cost the numbering its memory, never the events.
      this.log.append(events);
    }
  }
}
