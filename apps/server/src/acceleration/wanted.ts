import { z } from 'zod';
import type { Facts } from '../state/facts.ts';

const schema = z.object({ on: z.boolean(), since: z.number() });
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
