'use client';

import type { ConnectionSort } from '@sidestep/shared';
import {
  type ColumnVisibilityState,
  FlexRender,
  type Row as TableRowModel,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, useRef } from 'react';
import { cn } from '@/lib/class-names.ts';
import { columns, features, TRAITS } from './columns.tsx';
import { HeaderCell, type Sorting } from './header-cell.tsx';
import type { Row } from './page.ts';

const ROW_HEIGHT = 32;
/** How far a key moves the selection. */
const STEPS: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 15,
  PageUp: -15,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

interface ConnectionTableProps {
  rows: readonly Row[];
  sorting: Sorting;
  onSort: (sort: ConnectionSort) => void;
  visibility: ColumnVisibilityState;
  /** Widths in pixels of the columns that somebody resized. */
  sizes: Record<string, number>;
  onResize: (sizes: Record<string, number>) => void;
  selected: string | null;
  onSelect: (id: string) => void;
  onOpen: (id: string) => void;
  onPointerOver: (over: boolean) => void;
}

/** The table on wide screens: 32 px rows, drawn only where they are in sight. */
export function ConnectionTable(props: ConnectionTableProps) {
  const { rows, sorting, visibility, sizes, selected } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const table = useTable({
    features,
    columns,
    data: rows,
    getRowId: (row: Row) => row.connection.id,
    state: { columnVisibility: visibility, columnSizing: sizes },
  });
  const shown = table.getRowModel().rows;
  const visible = table.getVisibleLeafColumns();
  const gridTemplateColumns = visible
    .map((column) => {
      const grows = TRAITS[column.id]?.grows && sizes[column.id] === undefined;
      return grows ? `minmax(${column.getSize()}px, 1fr)` : `${column.getSize()}px`;
    })
    .join(' ');
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
    paddingStart: ROW_HEIGHT,
    scrollPaddingStart: ROW_HEIGHT,
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const index = shown.findIndex((row) => row.id === selected);
    const step = STEPS[event.key];
    if (step !== undefined && shown.length > 0) {
      event.preventDefault();
      const from = index >= 0 ? index : step > 0 ? -1 : shown.length;
      const next = Math.min(Math.max(from + step, 0), shown.length - 1);
      virtualizer.scrollToIndex(next);
      props.onSelect(shown[next]?.id ?? '');
    } else if (event.key === 'Enter' && selected !== null && event.target === event.currentTarget) {
      props.onOpen(selected);
    }
  };

  return (
    <div
      ref={scroller}
      className="min-h-0 flex-1 overflow-auto"
      onPointerEnter={() => props.onPointerOver(true)}
      onPointerLeave={() => props.onPointerOver(false)}
    >
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows are chosen by keys is a grid
        role="grid"
        aria-label="Connections"
        aria-rowcount={shown.length + 1}
        aria-activedescendant={selected === null ? undefined : `connection-${selected}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="relative block min-w-fit focus-visible:outline-offset-[-2px]"
        style={{ height: virtualizer.getTotalSize() }}
      >
        <thead className="sticky top-0 z-10 block">
          <tr
            aria-rowindex={1}
            className="grid h-8 border-b bg-surface text-xs text-muted"
            style={{ gridTemplateColumns }}
          >
            {visible.map(({ id }) => (
              <HeaderCell
                key={id}
                id={id}
                sorting={sorting}
                onSort={props.onSort}
                size={sizes[id]}
                onResize={(width) => props.onResize({ ...sizes, [id]: width })}
              />
            ))}
          </tr>
        </thead>
        <tbody className="block">
          {virtualizer.getVirtualItems().map((item) => {
            const row = shown[item.index];
            if (!row) return null;
            return (
              <TableRow
                key={row.id}
                row={row}
                index={item.index}
                start={item.start}
                chosen={row.id === selected}
                gridTemplateColumns={gridTemplateColumns}
                onOpen={props.onOpen}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface TableRowProps {
  row: TableRowModel<typeof features, Row>;
  index: number;
  /** Pixels from the top. */
  start: number;
  chosen: boolean;
  /** Differs whenever other columns are shown. */
  gridTemplateColumns: string;
  onOpen: (id: string) => void;
}

/** One row. Scrolling moves rows and draws those that come into sight; it does not draw the others again. */
const TableRow = memo(function TableRow(props: TableRowProps) {
  const { row, index, start, chosen, gridTemplateColumns, onOpen } = props;
  const { fresh, gone } = row.original;
  return (
    <tr
      id={`connection-${row.id}`}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      onClick={() => onOpen(row.id)}
      className={cn(
        'absolute inset-x-0 top-0 grid cursor-default border-b hover:bg-hover',
        fresh && 'flash-once',
        gone && 'opacity-50',
        chosen && 'bg-accent-wash hover:bg-accent-wash',
      )}
      style={{ height: ROW_HEIGHT, transform: `translateY(${start}px)`, gridTemplateColumns }}
    >
      {row.getVisibleCells().map((cell) => (
        <td
          key={cell.id}
          className={cn(
            'flex min-w-0 items-center px-3 first:pl-6 last:pr-6',
            TRAITS[cell.column.id]?.right ? 'justify-end' : '*:w-full',
          )}
        >
          <FlexRender cell={cell} />
        </td>
      ))}
    </tr>
  );
});
