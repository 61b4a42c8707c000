'use client';

import type { ConnectionSort } from '@sidestep/shared';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useShortcut } from '@/lib/keyboard.ts';
import { NARROW, useMedia } from '@/lib/media.ts';
import { formatExact } from '@/lib/number.ts';
import { useRemembered } from '@/lib/remembered.ts';
import { useTypedParam, useUrlState } from '@/lib/url-state.ts';
import { PageHeader } from '@/ui/page-header.tsx';
import { SearchBox } from '@/ui/search-box.tsx';
import { HIDDEN_AT_FIRST } from './columns.tsx';
import { ConnectionDrawer } from './connection-drawer.tsx';
import { ConnectionList } from './connection-list.tsx';
import { ConnectionTable } from './connection-table.tsx';
import { NoConnections } from './no-connections.tsx';
import type { Page, Row } from './page.ts';
import { Pager } from './pager.tsx';
import { Toolbar } from './toolbar.tsx';
import { useConnections } from './use-connections.ts';
import { lastPage, nextSort, pageParam, readView } from './view.ts';

const NO_ROWS: readonly Row[] = [];

function rowsOf(page: Page | null): readonly Row[] {
  if (page === null) return NO_ROWS;
  return page.order.map((id) => page.rows.get(id)).filter((row) => row !== undefined);
}

/** Every local TCP connection: find, sort, hold, choose columns, take away, open. */
export function ConnectionsPage() {
  const [params, setParams] = useUrlState();
  const query = params.toString().replace(/(^|&)open=[^&]*/, '');
  const { view, problem } = useMemo(() => readView(new URLSearchParams(query)), [query]);
  const [frozen, setFrozen] = useState(false);
  const [paused, setPaused] = useState(false);
  const [selected, setSelected] = useState<string | null>(null);
  const [visibility, setVisibility] = useRemembered<Record<string, boolean>>(
    'sidestep.columns',
    HIDDEN_AT_FIRST,
  );
  const [sizes, setSizes] = useRemembered<Record<string, number>>('sidestep.column-sizes', {});
  const narrow = useMedia(NARROW);
  const search = useRef<HTMLInputElement>(null);
  const { page } = useConnections(view, { frozen, paused });
  const rows = useMemo(() => rowsOf(page), [page]);
  const opened = params.get('open');

  const matching = page?.matching ?? 0;
  const pastTheEnd = matching > 0 && rows.length === 0 && view.offset >= matching;
  useEffect(() => {
    // An old address, or the connections of this page closed.
    if (pastTheEnd) setParams(pageParam(lastPage(matching)));
  }, [pastTheEnd, matching, setParams]);

  useShortcut((key, event) => {
    if (key === 'p') setPaused(!paused);
    if (key !== '/') return;
    event.preventDefault();
    search.current?.focus();
  });

  const how = opened === null ? 'push' : 'replace';
  const open = useCallback(
    (id: string) => {
      setSelected(id);
      setParams({ open: id }, how);
    },
    [setParams, how],
  );
  const select = (id: string) => {
    setSelected(id);
    if (opened !== null) setParams({ open: id });
  };
  const [text, setText] = useTypedParam(params.get('q') ?? '', (q) => setParams({ q, page: null }));
  const sort = (column: ConnectionSort) => setParams({ sort: nextSort(view, column), page: null });

  return (
    <>
      <PageHeader title="Connections">
        <span className="tabular text-muted" role="status" data-testid="matching">
          {page && `${formatExact(page.matching)} of ${formatExact(page.total)}`}
        </span>
        <Toolbar
          view={view}
          paused={paused}
          onPause={() => setPaused(!paused)}
          visibility={visibility}
          onVisibility={setVisibility}
          onClosed={(closed) => setParams({ closed: closed ? '1' : null, page: null })}
        />
      </PageHeader>
      <div className="shrink-0 px-4 pb-3 sm:px-6">
        <SearchBox
          ref={search}
          label="Filter connections"
          placeholder={
            narrow
              ? 'filter'
              : 'process:redis-server path:stack reason:"blocking reader" port:6379 or any text'
          }
          value={text}
          onChange={setText}
          aria-invalid={problem !== null}
          aria-describedby={problem ? 'filter-problem' : undefined}
        />
        {problem && (
          <p id="filter-problem" className="mt-1 text-xs text-bad">
            {problem}
          </p>
        )}
      </div>
      <div className="flex min-h-0 flex-1 flex-col border-t bg-surface">
        {narrow ? (
          <ConnectionList rows={rows} onOpen={open} />
        ) : (
          <ConnectionTable
            // Another page starts at its top.
            key={view.offset}
            rows={rows}
            sorting={view}
            onSort={sort}
            visibility={visibility}
            sizes={sizes}
            onResize={setSizes}
            selected={selected}
            onSelect={select}
            onOpen={open}
            onPointerOver={setFrozen}
          />
        )}
        {rows.length === 0 && (
          <NoConnections page={page} filtered={params.has('q')} onClear={() => setText('')} />
        )}
        {page && <Pager page={page} view={view} onPage={(number) => setParams(pageParam(number))} />}
      </div>
      {opened && (
        <ConnectionDrawer
          id={opened}
          row={page?.rows.get(opened) ?? null}
          onClose={() => setParams({ open: null })}
        />
      )}
    </>
  );
}
