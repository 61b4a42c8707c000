'use client';

import type { TraceLine } from '@sidestep/shared';
import { ChevronDown, ChevronUp } from 'lucide-react';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useStatus } from '@/features/acceleration/status.tsx';
import { download } from '@/lib/download.ts';
import type { FeedItem } from '@/lib/feed.ts';
import { useShortcut } from '@/lib/keyboard.ts';
import { NARROW, useMedia } from '@/lib/media.ts';
import { formatExact, plural } from '@/lib/number.ts';
import { useFeed } from '@/lib/use-feed.ts';
import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/empty.tsx';
import { ExportMenu } from '@/ui/export-menu.tsx';
import { FailureNotice } from '@/ui/failure-notice.tsx';
import { FeedList } from '@/ui/feed-list.tsx';
import { Notice } from '@/ui/notice.tsx';
import { PageHeader } from '@/ui/page-header.tsx';
import { PauseButton } from '@/ui/pause-button.tsx';
import { SearchBox } from '@/ui/search-box.tsx';
import { Switch } from '@/ui/switch.tsx';
import { nextHit } from './find.ts';
import { TraceLineRow } from './trace-line.tsx';
import { traceLines } from './trace-source.ts';
import { useTraceSwitch } from './use-trace-switch.ts';

/** The raw lines that the kernel programs write, as `trace_pipe` gives them. */
export function TracePage() {
  const status = useStatus();
  const feed = useFeed(traceLines);
  const trace = useTraceSwitch();
  const [paused, setPaused] = useState(false);
  const [wanted, setWanted] = useState('');
  const [current, setCurrent] = useState<number | null>(null);
  const narrow = useMedia(NARROW);
  const renderEntry = useCallback(
    (line: TraceLine) => (
      <TraceLineRow line={line} wanted={wanted} current={line.seq === current} flush={narrow} />
    ),
    [wanted, current, narrow],
  );
  const search = useRef<HTMLInputElement>(null);

  const hits = useMemo(() => findHits(feed.shown?.items ?? [], wanted), [feed.shown, wanted]);
  const pause = () => {
    if (paused) feed.release();
    else feed.hold();
    setPaused(!paused);
  };
  const go = (step: 1 | -1) => {
    const next = nextHit(hits, current, step);
    if (next !== null) feed.hold();
    setCurrent(next);
  };
  useShortcut((key, event) => {
    if (key === 'p') pause();
    if (key !== '/') return;
    event.preventDefault();
    search.current?.focus();
  });

  return (
    <>
      <PageHeader title="Trace">
        <div className="flex items-center gap-2">
          <span className="text-muted" aria-hidden="true">
            kernel lines
          </span>
          <Switch
            label="Kernel lines"
            checked={trace.status?.on ?? false}
            disabled={!trace.status?.available || !trace.ready}
            onChange={trace.turn}
          />
        </div>
        <PauseButton paused={paused} onPause={pause} />
        <ExportMenu
          what="The lines on this page"
          formats={['Text']}
          onSave={async () => download('trace.txt', 'text/plain', textOf(feed.shown?.items ?? []))}
        />
      </PageHeader>
      <div className="flex shrink-0 items-center gap-2 px-4 pb-3 sm:px-6">
        <SearchBox
          ref={search}
          label="Find in the lines"
          placeholder="find"
          value={wanted}
          onChange={(text) => {
            setWanted(text);
            setCurrent(null);
          }}
          onKeyDown={(event) => event.key === 'Enter' && go(event.shiftKey ? -1 : 1)}
        />
        {wanted !== '' && (
          <span className="tabular text-xs whitespace-nowrap text-muted" role="status">
            {current === null
              ? formatExact(hits.length)
              : `${hits.indexOf(current) + 1} of ${formatExact(hits.length)}`}
          </span>
        )}
        <Button size="icon" aria-label="Newer hit" disabled={hits.length === 0} onClick={() => go(-1)}>
          <ChevronUp />
        </Button>
        <Button size="icon" aria-label="Older hit" disabled={hits.length === 0} onClick={() => go(1)}>
          <ChevronDown />
        </Button>
      </div>
      {trace.status && !trace.status.available && (
        <Notice tone="warn" className="mx-4 mb-3 sm:mx-6">
          {trace.status.why}
        </Notice>
      )}
      {trace.failure && (
        <div className="mx-4 mb-3 sm:mx-6">
          <FailureNotice failure={trace.failure} />
        </div>
      )}
      <div className="flex min-h-0 flex-1 flex-col border-t bg-surface">
        <FeedList<TraceLine>
          feed={feed}
          paused={paused}
          onResume={() => setPaused(false)}
          label="Trace lines, newest first"
          rowHeight={20}
          one="line"
          sideways
          reveal={current}
          renderEntry={renderEntry}
          empty={
            trace.status?.on ? (
              <Empty title="No lines yet">
                {status?.state === 'on'
                  ? 'The kernel writes one for each moment in a connection’s life.'
                  : 'Acceleration is off: its programs write nothing.'}
              </Empty>
            ) : (
              <Empty title="Kernel lines are switched off">
                Switched on, the programs in the kernel write a line for each moment in a connection’s life.
                It costs some speed, and stops by itself when the daemon does.
              </Empty>
            )
          }
        />
      </div>
    </>
  );
}

/** The lines as the kernel wrote them, each after its time; a line that says how many are missing where some are. */
function textOf(items: readonly FeedItem<TraceLine>[]): string {
  return items
    .map((item) =>
      item.type === 'entry'
        ? `${item.entry.at} ${item.entry.text}\n`
        : `# ${plural(item.missed, 'line')} not kept\n`,
    )
    .join('');
}

function findHits(items: readonly { type: string; entry?: TraceLine }[], wanted: string): number[] {
  if (wanted === '') return [];
  const needle = wanted.toLowerCase();
  const hits: number[] = [];
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const line = items[index]?.entry;
    if (line?.text.toLowerCase().includes(needle)) hits.push(line.seq);
  }
  return hits;
}
