'use client';

import { REASONS } from '@sidestep/shared';
import { CircleQuestionMark } from 'lucide-react';
import Link from 'next/link';
import { connectionsHref, reasonAnchor } from '@/features/connections/filter.ts';
import { Figure } from '@/ui/figure.tsx';
import { Panel } from '@/ui/panel.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { NothingWatched } from './nothing-watched.tsx';
import { useStatus } from './status.tsx';

/** Open connections on the stack, by reason; each leads to its connections, and to its paragraph in the help. */
export function ReasonsPanel() {
  const status = useStatus();
  const reasons = [...(status?.reasons ?? [])].sort((one, other) => other.connections - one.connections);
  const most = reasons[0]?.connections ?? 0;
  return (
    <Panel title="On the stack, by reason">
      {status === null && <Skeleton className="mx-4 mb-4 h-24" />}
      {status !== null && reasons.length === 0 && (
        <NothingWatched title="Nothing to explain">No open connection is on the stack.</NothingWatched>
      )}
      <ul className="pb-2">
        {reasons.map(({ reason, connections }) => (
          <li key={reason} className="flex h-8 items-center gap-2 pr-4 pl-4 hover:bg-hover">
            <Link href={connectionsHref({ reason })} className="flex min-w-0 flex-1 items-center gap-3">
              <span className="w-36 shrink-0 truncate">{reason}</span>
              <span className="h-1.5 min-w-0 flex-1" aria-hidden="true">
                <span
                  className="block h-full min-w-0.5 rounded-full bg-stack"
                  style={{ width: `${(100 * connections) / most}%` }}
                />
              </span>
              <Figure value={connections} of="connections" className="w-12 text-right" />
              <span className="sr-only">connections</span>
            </Link>
            <Link
              href={`/help#${reasonAnchor(reason)}`}
              title={REASONS.find(({ words }) => words === reason)?.means}
              aria-label={`What “${reason}” means`}
              className="text-muted hover:text-ink"
            >
              <CircleQuestionMark className="size-4" aria-hidden="true" />
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
