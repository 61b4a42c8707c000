import type { Event, Path } from '@sidestep/shared';
import { momentOf } from '@/lib/time.ts';

/** One event of a connection's life, with the road before and after it. */
export interface Moment {
  readonly event: Event;
  /** Null before the connection exists. */
  readonly before: Path | null;
  /** Null once it has ended. */
  readonly after: Path | null;
  /** Milliseconds since the moment before, null for the first. */
  readonly elapsed: number | null;
}

function roadAfter({ kind }: Event, before: Path | null): Path | null {
  if (kind === 'closed') return null;
  if (kind === 'bypassed') return 'bypass';
  if (kind === 'left' || kind === 'established') return 'stack';
  return before;
}

/** The life of one connection, from its events, oldest first. What came before the first known event is not guessed. */
export function lifeOf(events: readonly Event[]): Moment[] {
  const life: Moment[] = [];
  for (const event of events) {
    const last = life.at(-1);
    const before = last ? last.after : null;
    const elapsed = last ? momentOf(event.at) - momentOf(last.event.at) : null;
    life.push({ event, before, after: roadAfter(event, before), elapsed });
  }
  return life;
}
