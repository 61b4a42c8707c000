import type { Status } from '@sidestep/shared';
import Link from 'next/link';
import { Figure } from '@/ui/figure.tsx';

/** What came of the events since acceleration was turned on: nothing that is missing from the feed goes unsaid. */
export function EventCounts({ events: { received, lost }, leftOut }: Pick<Status, 'events' | 'leftOut'>) {
  return (
    <>
      <Figure value={received} of="events received" suffix=" received" />
      <Figure
        value={lost}
        of="events that the kernel had no room for"
        suffix=" lost"
        className={lost > 0 ? 'text-warn' : 'text-muted'}
      />
      {leftOut > 0 && (
        <Link href="/help#left-out" className="underline decoration-dotted underline-offset-4">
          <Figure
            value={leftOut}
            of="connections that came in a crowd: they are shown only if they stay"
            suffix=" connections left out"
            className="text-muted"
          />
        </Link>
      )}
    </>
  );
}
