'use client';

import type { ByPath } from '@sidestep/shared';
import { EventCounts } from '@/features/events/event-counts.tsx';
import { Figure } from '@/ui/figure.tsx';
import { PathGlyph } from '@/ui/path-glyph.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { useStatus } from './status.tsx';
import { isWatching } from './use-acceleration.ts';

/** What went by each road since acceleration was turned on, and what was seen of it. */
export function Totals() {
  const status = useStatus();
  // Zeros would say that nothing went by either road.
  const uncounted = status && !isWatching(status.state) && <NotCounted />;
  return (
    <section
      aria-label="Totals since it was turned on"
      className="grid grid-cols-2 gap-px overflow-hidden rounded-md border bg-line sm:grid-cols-3"
    >
      <Total name="Data so far">
        {uncounted || (status && <Roads value={status.bytes} of="bytes" bytes />)}
      </Total>
      <Total name="Messages so far">
        {uncounted || (status && <Roads value={status.messages} of="messages" />)}
      </Total>
      <Total name="Events so far" wide>
        {uncounted || (status && <EventCounts {...status} />)}
      </Total>
    </section>
  );
}

function Total({
  name,
  wide = false,
  children,
}: {
  name: string;
  wide?: boolean;
  children: React.ReactNode;
}) {
  return (
    <div className={`bg-surface px-4 py-3 ${wide ? 'col-span-2 sm:col-span-1' : ''}`}>
      <h2 className="text-xs text-muted">{name}</h2>
      <div className="mt-1 flex flex-wrap gap-x-6 gap-y-1 text-base font-medium">
        {children || <Skeleton className="h-6 w-32" />}
      </div>
    </div>
  );
}

function NotCounted() {
  return <span className="text-sm font-normal leading-6 text-muted">not counted while off</span>;
}

function Roads({ value, of, bytes = false }: { value: ByPath; of: string; bytes?: boolean }) {
  return (['bypass', 'stack'] as const).map((path) => (
    <span key={path} className="flex items-center gap-2" title={path}>
      <PathGlyph path={path} />
      <Figure value={value[path]} of={`${of} by the ${path}`} bytes={bytes} />
      <span className="sr-only">by the {path}</span>
    </span>
  ));
}
