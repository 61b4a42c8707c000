import type { ConnectionSort } from '@sidestep/shared';
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { PointerEvent } from 'react';
import { cn } from '@/lib/class-names.ts';
import { TRAITS } from './columns.tsx';

const NARROWEST = 56;

export interface Sorting {
  readonly sort: ConnectionSort;
  readonly descending: boolean;
}

interface HeaderCellProps {
  id: string;
  sorting: Sorting;
  onSort: (sort: ConnectionSort) => void;
  onResize: (width: number) => void;
}

/** The head of a column: a click sorts, the right edge resizes. */
export function HeaderCell({ id, sorting, onSort, onResize }: HeaderCellProps) {
  const traits = TRAITS[id];
  if (!traits) return null;
  const { words, means, sort, right } = traits;
  const active = sort !== undefined && sorting.sort === sort;
  const Arrow = sorting.descending ? ArrowDown : ArrowUp;
  return (
    <th
      aria-sort={active ? (sorting.descending ? 'descending' : 'ascending') : undefined}
      title={means}
      className="relative flex min-w-0 items-center font-normal first:pl-3 last:pr-3"
    >
      {sort ? (
        <button
          type="button"
          onClick={() => onSort(sort)}
          className={cn(
            'flex h-full w-full items-center gap-1 px-3 hover:text-ink focus-visible:outline-offset-[-2px]',
            right && 'flex-row-reverse',
            active && 'font-medium text-ink',
          )}
        >
          {words}
          {active && <Arrow className="size-3" aria-hidden="true" />}
        </button>
      ) : (
        <span className={cn('w-full px-3', right ? 'text-right' : 'text-left')}>{words}</span>
      )}
      <Resizer onResize={onResize} />
    </th>
  );
}

/** The edge of a header that the pointer drags. */
function Resizer({ onResize }: { onResize: (width: number) => void }) {
  const onPointerDown = (event: PointerEvent<HTMLSpanElement>) => {
    const handle = event.currentTarget;
    const from = event.clientX - (handle.parentElement?.getBoundingClientRect().width ?? 0);
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = ({ clientX }) => onResize(Math.max(NARROWEST, Math.round(clientX - from)));
    handle.onpointerup = () => {
      handle.onpointermove = null;
    };
  };
  return (
    <span
      aria-hidden="true"
      data-resizer
      onPointerDown={onPointerDown}
      className="absolute inset-y-1.5 -right-1 z-10 w-2 cursor-col-resize touch-none border-r border-transparent hover:border-line-strong"
    />
  );
}
