'use client';

import { EVENT_KINDS, type Event, type EventKind, eventKindSchema } from '@sidestep/shared';
import { useCallback, useMemo, useState } from 'react';
import { NothingWatched } from '@/features/acceleration/nothing-watched.tsx';
import { useStatus } from '@/features/acceleration/status.tsx';
import { isWatching } from '@/features/acceleration/use-acceleration.ts';
import { ConnectionDrawer } from '@/features/connections/connection-drawer.tsx';
import { downloadTable, TABLE_FORMATS } from '@/lib/download.ts';
import { useShortcut } from '@/lib/keyboard.ts';
import { NARROW, useMedia } from '@/lib/media.ts';
import { useUrlState } from '@/lib/url-state.ts';
import { useFeed } from '@/lib/use-feed.ts';
import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/empty.tsx';
import { ExportMenu } from '@/ui/export-menu.tsx';
import { FeedList } from '@/ui/feed-list.tsx';
import { PageHeader } from '@/ui/page-header.tsx';
import { PauseButton } from '@/ui/pause-button.tsx';
import { EventCounts } from './event-counts.tsx';
import { EventCard, EventRow } from './event-row.tsx';
import { eventSource } from './event-source.ts';
import { KIND_MEANS, KindGlyph } from './event-words.tsx';
import { allEvents, toCsv } from './export.ts';

function readKinds(text: string | null): EventKind[] {
  return (text ?? '').split(',').filter((word): word is EventKind => eventKindSchema.safeParse(word).success);
}

/** The feed of events: choose kinds, hold it, look at what was lost. */
export function EventsPage() {
  const [params, setParams] = useUrlState();
  const chosen = params.get('kinds');
  const open = params.get('open');
  const kinds = useMemo(() => readKinds(chosen), [chosen]);
  const filter = useMemo(() => (kinds.length > 0 ? { kinds } : {}), [kinds]);
  const source = useMemo(() => eventSource(filter), [filter]);
  const feed = useFeed(source);
  const status = useStatus();
  const narrow = useMedia(NARROW);
  const how = open === null ? 'push' : 'replace';
  const renderEntry = useCallback(
    (event: Event) => {
      const Line = narrow ? EventCard : EventRow;
      return <Line event={event} onOpen={(id) => setParams({ open: id }, how)} />;
    },
    [narrow, setParams, how],
  );
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
        {/* Zeros would say that nothing happened. */}
        {status && isWatching(status.state) && (
          <span className="flex flex-wrap gap-x-4 text-muted" data-testid="counts">
            <EventCounts {...status} />
          </span>
        )}
        <PauseButton paused={paused} onPause={pause} />
        <ExportMenu
          what="What the filter shows, as far as the daemon remembers"
          formats={TABLE_FORMATS}
          onSave={async (format) => downloadTable('events', format, await allEvents(filter), toCsv)}
        />
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
          filtered={kinds.length > 0}
          renderEntry={renderEntry}
          empty={
            kinds.length > 0 ? (
              <Empty title="No event of these kinds yet">
                <Button onClick={() => setParams({ kinds: null })} className="mt-2">
                  Show all kinds
                </Button>
              </Empty>
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
