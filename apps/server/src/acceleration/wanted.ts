import { z } from 'zod';
import type { Facts } from '../state/facts.ts';

/** The last moment that a date can name. */
const LATEST = 8.64e15;

const schema = z.object({ on: z.boolean(), since: z.number().min(0).max(LATEST) });
const NAME = 'acceleration.wanted';

/** What a person last asked for, kept over restarts. `since` is when acceleration was last on, in milliseconds since the Unix epoch. */
export interface Wanted {
  /** Null when nobody ever asked for anything. */
  load(): z.infer<typeof schema> | null;
  save(wanted: z.infer<typeof schema>): void;
}

export function keepWanted(facts: Facts): Wanted {
  return {
    load: () => schema.safeParse(facts.get(NAME)).data ?? null,
    save: (wanted) => facts.set(NAME, wanted),
  };
}
