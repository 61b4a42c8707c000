import type { ConnectionView } from '@sidestep/shared';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { formatExact } from '@/lib/number.ts';
import { Button } from '@/ui/button.tsx';
import type { Page } from './page.ts';
import { lastPage, PAGE_SIZE } from './view.ts';

/** Leads through more rows than one page holds; not there as long as one is enough. */
export function Pager(props: { page: Page; view: ConnectionView; onPage: (number: number) => void }) {
  const { page, view, onPage } = props;
  if (page.matching <= PAGE_SIZE && view.offset === 0) return null;
  const number = view.offset / PAGE_SIZE + 1;
  const last = lastPage(page.matching);
  const to = Math.min(view.offset + PAGE_SIZE, page.matching);
  return (
    <nav aria-label="Pages" className="flex shrink-0 items-center justify-end gap-2 border-t px-4 py-1.5">
      <span className="tabular text-xs text-muted">
        {formatExact(Math.min(view.offset + 1, to))}–{formatExact(to)} of {formatExact(page.matching)}
      </span>
      <Button size="icon" aria-label="Page before" disabled={number <= 1} onClick={() => onPage(number - 1)}>
        <ChevronLeft />
      </Button>
      <Button size="icon" aria-label="Next page" disabled={number >= last} onClick={() => onPage(number + 1)}>
        <ChevronRight />
      </Button>
    </nav>
  );
}
