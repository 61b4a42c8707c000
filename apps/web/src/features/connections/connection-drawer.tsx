'use client';

import type { Connection, Event } from '@sidestep/shared';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { eventSource } from '@/features/events/event-source.ts';
import { client } from '@/lib/client.ts';
import { useNow } from '@/lib/now.ts';
import { useFeed } from '@/lib/use-feed.ts';
import { Ago } from '@/ui/ago.tsx';
import { Drawer } from '@/ui/drawer.tsx';
import { Empty } from '@/ui/empty.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { DirectionCard, EndCard } from './connection-cards.tsx';
import { lifeOf } from './history.ts';
import { LifeLine } from './life-line.tsx';
import type { Row } from './page.ts';

interface ConnectionDrawerProps {
  id: string;
  /** The row of the table, where there is one: as long as it is there, it is newer than what we would ask for. */
  row?: Row | null;
  onClose: () => void;
}

/** One connection: its ends, its directions, and its life as a road. */
export function ConnectionDrawer({ id, row = null, onClose }: ConnectionDrawerProps) {
  const now = useNow();
  const asked = useQuery({
    queryKey: ['connection', id],
    queryFn: () => findConnection(id),
    refetchInterval: 1000,
    // A row that left says what it last said, for ever.
    enabled: row?.gone !== null,
  });
  const source = useMemo(() => eventSource({ connection: id }), [id]);
  const { shown } = useFeed(source);
  const events = (shown?.items ?? []).flatMap((item) => (item.type === 'entry' ? [item.entry] : []));
  const known = row?.connection ?? null;
  const connection = row?.gone === null || asked.data === undefined ? known : asked.data;
  const ends = connection ?? endsOf(events);

  return (
    <Drawer
      title={
        <span className="flex min-w-0 items-baseline gap-2">
          <span className="truncate">
            {ends ? `${nameOf(ends.client)} → ${nameOf(ends.server)}` : 'Connection'}
          </span>
          {connection && (
            <span className="shrink-0 text-sm font-normal text-muted">
              {connection.open ? 'open for ' : 'closed after '}
              <Ago
                at={Date.parse(connection.openedAt)}
                now={connection.closedAt ? Date.parse(connection.closedAt) : now}
                bare
              />
            </span>
          )}
        </span>
      }
      onClose={onClose}
    >
      {connection === null && asked.isPending && <Skeleton className="m-4 h-40" />}
      {connection === null && asked.data === undefined && asked.isError && (
        <p className="border-b px-4 py-3 text-muted">
          The daemon does not answer: whether it is open, and what it carried, is not known.
        </p>
      )}
      {connection && (
        <>
          <div className="grid grid-cols-2 gap-px border-b bg-line">
            <EndCard name="Client" end={connection.client} />
            <EndCard name="Server" end={connection.server} />
          </div>
          <DirectionCard title="Client to server" direction={connection.clientToServer} />
          <DirectionCard title="Server to client" direction={connection.serverToClient} />
        </>
      )}
      {connection === null && asked.data === null && (
        <p className="border-b px-4 py-3 text-muted">It is closed, and its counters are no longer kept.</p>
      )}
      <section aria-label="History" className="px-4 py-3">
        <h3 className="mb-2 font-medium">History</h3>
        {shown === null && <Skeleton className="h-24" />}
        {shown !== null && events.length === 0 && (
          <Empty title="No events kept">What happened to it is older than the daemon’s log.</Empty>
        )}
        <LifeLine life={lifeOf(events)} />
        <p className="mt-3 font-mono text-xs text-muted">id {id}</p>
      </section>
    </Drawer>
  );
}

async function findConnection(id: string): Promise<Connection | null> {
  const page = await client().connections.list.query({ id, includeClosed: true, limit: 1 });
  return page.rows.find((row) => row.id === id) ?? null;
}

function nameOf(end: { comm: string; port: number }): string {
  return end.comm || `port ${end.port}`;
}

function endsOf(events: readonly Event[]) {
  const event = events.findLast(({ client: from, server: to }) => from && to);
  return event?.client && event.server ? { client: event.client, server: event.server } : null;
}
