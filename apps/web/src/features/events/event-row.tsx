'use client';

import type { Event } from '@sidestep/shared';
import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatClock, formatMoment } from '@/lib/time.ts';
import { eventNote, KIND_MEANS, KindGlyph } from './event-words.tsx';

type Endpoint = NonNullable<Event['client']>;

interface EventRowProps {
  event: Event;
  onOpen: (connection: string) => void;
}

/** One event on one line, with room for everything: when, what, between whom, and why. */
export function EventRow({ event, onOpen }: EventRowProps) {
  return (
    <Line event={event} onOpen={onOpen} look="items-center gap-3 px-6">
      <When event={event} />
      <Kind event={event} />
      <span className="flex w-96 min-w-0 items-center gap-2">
        <Ends event={event} full />
      </span>
      <span className="min-w-0 flex-1 truncate text-muted">{eventNote(event)}</span>
    </Line>
  );
}

/** The same on two lines, for phones. */
export function EventCard({ event, onOpen }: EventRowProps) {
  return (
    <Line event={event} onOpen={onOpen} look="flex-col justify-center gap-0.5 border-b px-4">
      <span className="flex w-full items-center gap-3">
        <Kind event={event} />
        <span className="min-w-0 flex-1 truncate text-right text-muted">{eventNote(event)}</span>
      </span>
      <span className="flex w-full items-center gap-2">
        <Ends event={event} full />
        <span className="ml-auto">
          <When event={event} />
        </span>
      </span>
    </Line>
  );
}

/** The same where there is little room: who with whom, by name only. */
export function EventBrief({ event, onOpen }: EventRowProps) {
  return (
    <Line event={event} onOpen={onOpen} look="items-center gap-3 px-4">
      <When event={event} />
      <Kind event={event} />
      <span className="flex min-w-0 flex-1 items-center gap-1.5">
        <Ends event={event} />
      </span>
    </Line>
  );
}

/** A click opens the event's connection, where it has one. */
function Line(props: EventRowProps & { look: string; children: ReactNode }) {
  const { event, onOpen, look, children } = props;
  const { connection } = event;
  const className = `flex h-full w-full text-left ${look}`;
  if (connection === null) return <div className={className}>{children}</div>;
  return (
    <button type="button" className={`${className} hover:bg-hover`} onClick={() => onOpen(connection)}>
      {children}
    </button>
  );
}

function When({ event }: { event: Event }) {
  const at = Date.parse(event.at);
  return (
    <time
      dateTime={event.at}
      title={formatMoment(at)}
      className="tabular shrink-0 font-mono text-xs text-muted"
    >
      {formatClock(at)}
    </time>
  );
}

function Kind({ event: { kind } }: { event: Event }) {
  return (
    <>
      <KindGlyph kind={kind} />
      <span className="w-20 shrink-0" title={KIND_MEANS[kind]}>
        {kind}
      </span>
    </>
  );
}

function Ends({ event: { client, server }, full = false }: { event: Event; full?: boolean }) {
  return (
    <>
      {client && <EndName end={client} detail={full && client.pid > 0 ? String(client.pid) : ''} />}
      {client && server && <ArrowRight className="size-3 shrink-0 text-muted" aria-label="to" />}
      {/* Until a server has accepted, its port is all there is to say. */}
      {server && <EndName end={server} detail={full || server.comm === '' ? `:${server.port}` : ''} />}
    </>
  );
}

function EndName({ end, detail }: { end: Endpoint; detail: string }) {
  return (
    <span className="flex min-w-0 items-baseline gap-1.5" title={`${end.address}:${end.port}`}>
      {end.comm !== '' && <span className="truncate">{end.comm}</span>}
      {detail !== '' && <span className="tabular font-mono text-xs text-muted">{detail}</span>}
    </span>
  );
}
