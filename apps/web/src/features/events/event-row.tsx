'use client';

import type { Event } from '@sidestep/shared';
import { ArrowRight } from 'lucide-react';
import { formatClock, formatMoment } from '@/lib/time.ts';
import { eventNote, KIND_MEANS, KindGlyph } from './event-words.tsx';

type Endpoint = NonNullable<Event['client']>;

interface EventRowProps {
  event: Event;
  onOpen: (connection: string) => void;
  /** Room for the reason and the totals. */
  wide?: boolean;
}

/** One event on one line: when, what, between whom, and why. A click opens its connection. */
export function EventRow({ event, onOpen, wide = false }: EventRowProps) {
  const at = Date.parse(event.at);
  const { connection } = event;
  const content = (
    <>
      <time
        dateTime={event.at}
        title={formatMoment(at)}
        className="tabular shrink-0 font-mono text-xs text-muted"
      >
        {formatClock(at)}
      </time>
      <KindGlyph kind={event.kind} />
      <span className="w-20 shrink-0" title={KIND_MEANS[event.kind]}>
        {event.kind}
      </span>
      <span className="flex min-w-0 flex-1 items-center gap-2">
        {event.client && <EndName end={event.client} />}
        {event.client && event.server && (
          <ArrowRight className="size-3 shrink-0 text-muted" aria-label="to" />
        )}
        {event.server && <EndName end={event.server} server />}
      </span>
      {wide && <span className="hidden min-w-0 flex-1 truncate text-muted sm:block">{eventNote(event)}</span>}
    </>
  );
  const look = `flex h-full w-full items-center gap-3 px-4 text-left ${wide ? 'sm:px-6' : ''}`;
  if (connection === null) return <div className={look}>{content}</div>;
  return (
    <button type="button" className={`${look} hover:bg-hover`} onClick={() => onOpen(connection)}>
      {content}
    </button>
  );
}

function EndName({ end, server = false }: { end: Endpoint; server?: boolean }) {
  return (
    <span className="truncate" title={`${end.address}:${end.port}`}>
      {end.comm || 'unknown'}{' '}
      <span className="tabular font-mono text-xs text-muted">{server ? `:${end.port}` : end.pid || ''}</span>
    </span>
  );
}
