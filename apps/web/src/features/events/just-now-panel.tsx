'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { formatExact } from '@/lib/number.ts';
import { useFeed } from '@/lib/use-feed.ts';
import { Empty } from '@/ui/empty.tsx';
import { Panel } from '@/ui/panel.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { EventBrief } from './event-row.tsx';
import { eventSource } from './event-source.ts';

const SHOWN = 8;
const everything = eventSource({});

/** The last few events, one line each. */
export function JustNowPanel() {
  const router = useRouter();
  const { shown } = useFeed(everything);
  const latest = shown?.items.slice(-SHOWN).reverse() ?? [];
  return (
    <Panel
      title="Just now"
      aside={
        <Link href="/events" className="text-xs text-accent underline-offset-4 hover:underline">
          all events
        </Link>
      }
    >
      {shown === null && <Skeleton className="mx-4 mb-4 h-24" />}
      {shown !== null && latest.length === 0 && <Empty title="Nothing has happened yet" />}
      <ul className="pb-2">
        {latest.map((item) =>
          item.type === 'entry' ? (
            <li key={item.entry.seq} className="h-8">
              <EventBrief event={item.entry} onOpen={(id) => router.push(`/connections?open=${id}`)} />
            </li>
          ) : (
            <li key={`gap ${item.after}`} className="flex h-8 items-center px-4 text-xs text-warn">
              {formatExact(item.missed)} not shown
            </li>
          ),
        )}
      </ul>
    </Panel>
  );
}
