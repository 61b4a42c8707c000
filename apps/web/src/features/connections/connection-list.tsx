'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowRight } from 'lucide-react';
import { useRef } from 'react';
import { cn } from '@/lib/class-names.ts';
import { Figure } from '@/ui/figure.tsx';
import type { Row } from './page.ts';
import { byteRateOf, messageRateOf } from './pairs.ts';
import { RoadCell } from './road-cell.tsx';

const ROW_HEIGHT = 60;

interface ConnectionListProps {
  rows: readonly Row[];
  onOpen: (id: string) => void;
}

/** The table on phones: two lines a connection, who with whom, then the road and how much. */
export function ConnectionList({ rows, onOpen }: ConnectionListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
  });
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
      <ul aria-label="Connections" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const { connection, fresh, gone } = row;
          const { client, server } = connection;
          return (
            <li
              key={connection.id}
              className={cn('absolute inset-x-0 border-b', fresh && 'flash-once', gone && 'opacity-50')}
              style={{ height: ROW_HEIGHT, transform: `translateY(${item.start}px)` }}
            >
              <button
                type="button"
                onClick={() => onOpen(connection.id)}
                className="flex size-full flex-col justify-center gap-0.5 px-4 text-left"
              >
                <span className="flex w-full items-center gap-2">
                  <span className="truncate font-medium">{client.comm || 'unknown'}</span>
                  <ArrowRight className="size-3 shrink-0 text-muted" aria-label="to" />
                  <span className="truncate font-medium">{server.comm || 'unknown'}</span>
                  <span className="font-mono text-xs text-muted">:{server.port}</span>
                  <span className="ml-auto shrink-0">
                    <Figure value={messageRateOf(connection)} of="messages per second" />{' '}
                    <span className="text-xs text-muted">msg/s</span>
                  </span>
                </span>
                <span className="flex w-full items-center justify-between gap-3">
                  {gone ? <span className="text-muted">{gone}</span> : <RoadCell connection={connection} />}
                  <Figure
                    value={byteRateOf(connection)}
                    of="bytes per second"
                    bytes
                    suffix="/s"
                    className="shrink-0 text-xs text-muted"
                  />
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
