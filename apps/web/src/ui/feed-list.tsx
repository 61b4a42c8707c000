import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import { memo, type ReactNode, useEffect, useRef } from 'react';
import { cn } from '@/lib/class-names.ts';
import type { FeedItem } from '@/lib/feed.ts';
import { plural } from '@/lib/number.ts';
import type { LiveFeed } from '@/lib/use-feed.ts';
import { Skeleton } from './skeleton.tsx';

interface FeedListProps<T> {
  feed: LiveFeed<T>;
  /** Held by the pause button: scrolling to the top does not release it. */
  paused: boolean;
  onResume: () => void;
  label: string;
  rowHeight: number;
  /** `entries`, for the words of a gap: `1 204 events not shown`. */
  one: string;
  /** The feed is filtered: what was missed was counted before anybody looked whether it passes. */
  filtered?: boolean;
  /** Must keep its identity as long as it draws the same: what is drawn once is moved, not drawn again. */
  renderEntry: (entry: T) => ReactNode;
  /** Shown instead of an empty list. */
  empty: ReactNode;
  /** Rows may be wider than the list, which then scrolls sideways. */
  sideways?: boolean;
  /** The number of an entry to bring into sight. */
  reveal?: number | null;
}

/** A feed, newest on top. It stands still while it is scrolled or paused, and a pill tells how much is new. */
export function FeedList<T extends { seq: number }>(props: FeedListProps<T>) {
  const {
    feed,
    paused,
    onResume,
    label,
    rowHeight,
    one,
    renderEntry,
    empty,
    reveal,
    filtered = false,
    sideways = false,
  } = props;
  const { shown, waiting, hold, release, loadOlder } = feed;
  const scroller = useRef<HTMLDivElement>(null);
  const items = shown?.items ?? [];
  const at = (index: number): FeedItem<T> | undefined => items[items.length - 1 - index];
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => keyOf(at(index)),
  });

  const scrollTo = (seq: number) => {
    const index = items.findIndex((item) => item.type === 'entry' && item.entry.seq === seq);
    if (index >= 0) virtualizer.scrollToIndex(items.length - 1 - index, { align: 'center' });
  };
  // Only a new wish scrolls, not every new entry.
  const latestScrollTo = useRef(scrollTo);
  latestScrollTo.current = scrollTo;
  useEffect(() => {
    if (reveal != null) latestScrollTo.current(reveal);
  }, [reveal]);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    if (element.scrollTop > rowHeight / 2) hold();
    else if (!paused) release();
    if (element.scrollTop + element.clientHeight > element.scrollHeight - 20 * rowHeight) loadOlder();
  };

  const goLive = () => {
    scroller.current?.scrollTo({ top: 0 });
    release();
    onResume();
  };

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {waiting > 0 && (
        <button
          type="button"
          onClick={goLive}
          className="appear tabular absolute top-2 left-1/2 z-10 flex h-7 -translate-x-1/2 items-center gap-1.5 rounded-full border border-accent bg-accent px-3 text-xs font-medium text-on-accent"
        >
          <ArrowUp className="size-3" aria-hidden="true" />
          {plural(waiting, 'new', 'new')}
        </button>
      )}
      {/* Keyboard users scroll it; its content is read row by row. */}
      <div
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-label={label}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
        tabIndex={0}
        className={cn(
          'min-h-0 flex-1 overflow-y-auto focus-visible:outline-offset-[-2px]',
          sideways ? 'overflow-x-auto' : 'overflow-x-hidden',
        )}
      >
        {shown === null && <LoadingRows height={rowHeight} />}
        {shown !== null && items.length === 0 && empty}
        <div className="relative w-full" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((row) => {
            const item = at(row.index);
            return (
              <div
                key={row.key}
                className={cn('absolute top-0 left-0', sideways ? 'min-w-full' : 'w-full')}
                style={{ height: row.size, transform: `translateY(${row.start}px)` }}
              >
                {item?.type === 'entry' && <Entry entry={item.entry} render={renderEntry} />}
                {item?.type === 'gap' && <Gap missed={item.missed} one={one} filtered={filtered} />}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function DrawEntry<T>({ entry, render }: { entry: T; render: (entry: T) => ReactNode }) {
  return render(entry);
}
const Entry = memo(DrawEntry) as typeof DrawEntry;

function keyOf<T extends { seq: number }>(item: FeedItem<T> | undefined): string {
  if (item === undefined) return '';
  return item.type === 'entry' ? String(item.entry.seq) : `gap ${item.after}`;
}

function Gap({ missed, one, filtered }: { missed: number; one: string; filtered: boolean }) {
  return (
    <div
      className="flex h-full items-center gap-3 px-4 text-xs text-warn"
      title="The daemon no longer holds them."
    >
      <span className="h-px flex-1 bg-current opacity-40" />
      {plural(missed, one)} {filtered && 'of all kinds '}not shown: viewer was away
      <span className="h-px flex-1 bg-current opacity-40" />
    </div>
  );
}

const LOADING_ROW = 'flex flex-wrap content-center items-center gap-x-6 gap-y-2 px-4 sm:px-6';

function LoadingRows({ height }: { height: number }) {
  return (
    <div>
      <span className="sr-only">Loading</span>
      {Array.from({ length: 12 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move
        <div key={index} className={LOADING_ROW} style={{ height }}>
          <Skeleton className="h-3 w-16" />
          <Skeleton className="h-3 w-24" />
          {height > 24 && <Skeleton className="h-3 w-64 sm:w-80" />}
        </div>
      ))}
    </div>
  );
}
