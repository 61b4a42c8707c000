'use client';

import { EVENT_KINDS, type EventKind, eventKindSchema } from '@sidestep/shared';
import { Pause, Play } from 'lucide-react';
import { useMemo, useState } from 'react';
import { NothingWatched } from '@/features/acceleration/nothing-watched.tsx';
import { ConnectionDrawer } from '@/features/connections/connection-drawer.tsx';
import { cn } from '@/lib/class-names.ts';
import { useShortcut } from '@/lib/keyboard.ts';
import { NARROW, useMedia } from '@/lib/media.ts';
import { useStore } from '@/lib/store.ts';
import { useUrlState } from '@/lib/url-state.ts';
import { useFeed } from '@/lib/use-feed.ts';
import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/empty.tsx';
import { FeedList } from '@/ui/feed-list.tsx';
import { Figure } from '@/ui/figure.tsx';
import { PageHeader } from '@/ui/page-header.tsx';
import { EventCard, EventRow } from './event-row.tsx';
import { eventSource, eventTotals } from './event-source.ts';
import { KIND_MEANS, KindGlyph } from './event-words.tsx';

function readKinds(text: string | null): EventKind[] {
  return (text ?? '').split(',').filter((word): word is EventKind => eventKindSchema.safeParse(word).success);
}

/** The feed of events: choose kinds, hold it, look at what was lost. */
export function EventsPage() {
  const [params, setParams] = useUrlState();
  const chosen = params.get('kinds');
  const open = params.get('open');
  const kinds = useMemo(() => readKinds(chosen), [chosen]);
  const source = useMemo(() => eventSource(kinds.length > 0 ? { kinds } : {}), [kinds]);
  const feed = useFeed(source);
  const totals = useStore(eventTotals);
  const narrow = useMedia(NARROW);
  const Line = narrow ? EventCard : EventRow;
  const [paused, setPaused] = useState(false);

  const pause = () => {
    if (paused) feed.release();
    else feed.hold();
    setPaused(!paused);
  };
  useShortcut((key) => key === 'p' && pause());

  const toggle = (kind: EventKind) => {
    const next = kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind];
    setParams({ kinds: next.length === EVENT_KINDS.length ? null : next.join(',') });
  };

  return (
    <>
      <PageHeader title="Events">
        {totals && (
          <span className={cn('tabular text-muted', totals.lost > 0 && 'text-warn')} data-testid="lost">
            <Figure value={totals.received} of="events received" suffix=" received" /> ·{' '}
            <Figure value={totals.lost} of="events that the kernel could not deliver" suffix=" lost" />
          </span>
        )}
        <Button onClick={pause} aria-pressed={paused} title="p">
          {paused ? <Play /> : <Pause />}
          {paused ? 'Resume' : 'Pause'}
        </Button>
      </PageHeader>
      <fieldset className="flex min-w-0 shrink-0 gap-1.5 overflow-x-auto px-4 pb-3 sm:px-6">
        <legend className="sr-only">Kinds of events</legend>
        {EVENT_KINDS.map((kind) => (
          <Button
            key={kind}
            aria-pressed={kinds.includes(kind)}
            onClick={() => toggle(kind)}
            title={KIND_MEANS[kind]}
            className="h-7 gap-1.5 px-2 text-xs"
          >
            <KindGlyph kind={kind} />
            {kind}
          </Button>
        ))}
      </fieldset>
      <div className="flex min-h-0 flex-1 flex-col border-t bg-surface">
        <FeedList
          feed={feed}
          paused={paused}
          onResume={() => setPaused(false)}
          label="Events, newest first"
          key={narrow ? 'cards' : 'rows'}
          rowHeight={narrow ? 52 : 32}
          one="event"
          renderEntry={(event) => <Line event={event} onOpen={(id) => setParams({ open: id }, 'push')} />}
          empty={
            kinds.length > 0 ? (
              <Empty title="No event of these kinds yet" />
            ) : (
              <NothingWatched title="No events yet" />
            )
          }
        />
      </div>
      {open && <ConnectionDrawer id={open} onClose={() => setParams({ open: null })} />}
    </>
  );
}
