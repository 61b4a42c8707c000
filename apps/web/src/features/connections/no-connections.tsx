import { NothingWatched } from '@/features/acceleration/nothing-watched.tsx';
import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/empty.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import type { Page } from './page.ts';

/** What stands where the rows would be: still loading, nothing matches, or nothing there yet. */
export function NoConnections(props: { page: Page | null; filtered: boolean; onClear: () => void }) {
  const { page, filtered, onClear } = props;
  // Rows that match and are not here are on their way: the page that holds them was asked for.
  if (page === null || page.matching > 0) return <LoadingRows />;
  if (filtered && page.total > 0) {
    return (
      <div className="absolute inset-x-0 top-60">
        <Empty title="No connection matches">
          <Button onClick={onClear} className="mt-2">
            Show all
          </Button>
        </Empty>
      </div>
    );
  }
  return (
    <div className="absolute inset-x-0 top-60">
      <NothingWatched title="No local connections yet" />
    </div>
  );
}

function LoadingRows() {
  return (
    <div className="absolute inset-x-0 top-40">
      <span className="sr-only">Loading</span>
      {Array.from({ length: 10 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move
        <div key={index} className="flex h-8 items-center gap-6 px-6">
          <Skeleton className="h-3 flex-3" />
          <Skeleton className="h-3 flex-3" />
          <Skeleton className="h-3 flex-2" />
          <Skeleton className="h-3 flex-1" />
        </div>
      ))}
    </div>
  );
}
