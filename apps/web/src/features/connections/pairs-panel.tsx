'use client';

import type { ConnectionView } from '@sidestep/shared';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { NothingWatched } from '@/features/acceleration/nothing-watched.tsx';
import { client } from '@/lib/client.ts';
import { Figure } from '@/ui/figure.tsx';
import { Panel } from '@/ui/panel.tsx';
import { PathGlyph } from '@/ui/path-glyph.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { connectionsHref } from './filter.ts';
import { busiestPairs } from './pairs.ts';

/** The busiest connections; those of one pair of programs are added up. */
const BUSIEST: ConnectionView = {
  sort: 'messageRate',
  descending: true,
  includeClosed: false,
  offset: 0,
  limit: 200,
};
const SHOWN = 8;
/** Sums do not change faster than anybody reads them; following every connection would cost. */
const LOOK_MS = 1000;

/** Which programs talk most with each other, and by which road. */
export function PairsPanel() {
  const { data: page } = useQuery({
    queryKey: ['connections', 'busiest'],
    queryFn: () => client().connections.list.query(BUSIEST),
    refetchInterval: LOOK_MS,
  });
  const pairs = busiestPairs(page?.rows ?? [], SHOWN);
  return (
    <Panel title="Busiest pairs" aside={<span className="text-xs text-muted">msg/s</span>}>
      {page === undefined && <Skeleton className="mx-4 mb-4 h-24" />}
      {page !== undefined && pairs.length === 0 && (
        <NothingWatched title={page.total === 0 ? 'No local connections yet' : 'All quiet'}>
          {page.total > 0 && 'Connections are open, but nothing is sent.'}
        </NothingWatched>
      )}
      <ul className="pb-2">
        {pairs.map((pair) => (
          <li key={pair.key}>
            <Link
              href={connectionsHref({ process: pair.client, port: pair.port })}
              className="flex h-8 items-center gap-3 px-4 hover:bg-hover"
              title={`${pair.connections} connections`}
            >
              <span className="min-w-0 flex-1 truncate text-right">{pair.client || 'unknown'}</span>
              <PathGlyph path={pair.path} />
              <span className="sr-only">by the {pair.path} to</span>
              <span className="flex min-w-0 flex-[1.4] items-baseline gap-1.5">
                <span className="truncate">{pair.server || 'unknown'}</span>
                <span className="tabular font-mono text-xs text-muted">:{pair.port}</span>
              </span>
              <Figure
                value={pair.messageRate}
                of="messages per second"
                className="w-14 text-right font-medium"
              />
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
