import type { ConnectionSort } from '@sidestep/shared';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { cn } from '@/lib/class-names.ts';
import { useWidth } from '@/lib/width.ts';
import { TRAITS } from './columns.tsx';
import { Resizer } from './resizer.tsx';

export interface Sorting {
  readonly sort: ConnectionSort;
  readonly descending: boolean;
}

interface HeaderCellProps {
  id: string;
  sorting: Sorting;
  onSort: (sort: ConnectionSort) => void;
  /** Pixels, once somebody has resized it. */
  size: number | undefined;
  onResize: (width: number) => void;
}

/** The head of a column: a click sorts, the right edge resizes. */
export function HeaderCell({ id, sorting, onSort, size, onResize }: HeaderCellProps) {
  const [ref, drawn] = useWidth();
  const traits = TRAITS[id];
  if (!traits) return null;
  const { words, means, sort, right } = traits;
  const active = sort !== undefined && sorting.sort === sort;
  const Arrow = sorting.descending ? ArrowDown : ArrowUp;
  return (
    <th
      ref={ref}
      aria-label={words}
      aria-sort={active ? (sorting.descending ? 'descending' : 'ascending') : undefined}
      title={means}
      className="group relative flex min-w-0 items-center font-normal"
    >
      {sort ? (
        <button
          type="button"
          onClick={() => onSort(sort)}
          className={cn(
            'flex h-full w-full items-center gap-1 px-3 group-first:pl-6 group-last:pr-6 hover:text-ink focus-visible:outline-offset-[-2px]',
            right && 'flex-row-reverse',
            active && 'font-medium text-ink',
          )}
        >
          {words}
          {active && <Arrow className="size-3" aria-hidden="true" />}
        </button>
      ) : (
        <span
          className={cn('w-full px-3 group-first:pl-6 group-last:pr-6', right ? 'text-right' : 'text-left')}
        >
          {words}
        </span>
      )}
      <Resizer words={words} width={size ?? drawn} onResize={onResize} />
    </th>
  );
}
