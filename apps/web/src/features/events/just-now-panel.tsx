'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { client } from '@/lib/client.ts';
import { Empty } from '@/ui/empty.tsx';
import { Panel } from '@/ui/panel.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { EventBrief } from './event-row.tsx';

const SHOWN = 8;
/** On a busy host thousands of events come between two looks: nobody could read them here, and following them all would cost. */
const LOOK_MS = 1000;

/** The last few events, one line each. */
export function JustNowPanel() {
  const router = useRouter();
  const { data } = useQuery({
    queryKey: ['events', 'just now'],
    queryFn: () => client().events.list.query({ limit: SHOWN }),
    refetchInterval: LOOK_MS,
  });
  const latest = data?.events.toReversed();
  return (
    <Panel
      title="Just now"
      aside={
        <Link href="/events" className="text-xs text-accent underline-offset-4 hover:underline">
          all events
        </Link>
      }
    >
      {latest === undefined && <Skeleton className="mx-4 mb-4 h-24" />}
      {latest?.length === 0 && <Empty title="Nothing has happened yet" />}
      <ul className="pb-2">
        {latest?.map((event) => (
          <li key={event.seq} className="h-8">
            <EventBrief event={event} onOpen={(id) => router.push(`/connections?open=${id}`)} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
