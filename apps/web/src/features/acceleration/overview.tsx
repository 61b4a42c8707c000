'use client';

import { PairsPanel } from '@/features/connections/pairs-panel.tsx';
import { JustNowPanel } from '@/features/events/just-now-panel.tsx';
import { Charts } from '@/features/statistics/charts.tsx';
import { useLastSecond } from '@/features/statistics/use-statistics.ts';
import { AccelerationPanel } from './acceleration-panel.tsx';
import { ReasonsPanel } from './reasons-panel.tsx';
import { Totals } from './totals.tsx';

/** Is it on, is it helping, is anything wrong. */
export function Overview() {
  const now = useLastSecond();
  return (
    <div className="overflow-y-auto">
      <h1 className="sr-only">Overview</h1>
      <div className="mx-auto flex max-w-[1600px] flex-col gap-4 p-4 sm:p-6">
        <AccelerationPanel now={now} />
        <Totals />
        <Charts />
        <div className="grid gap-4 lg:grid-cols-2 xl:grid-cols-3">
          <ReasonsPanel />
          <PairsPanel />
          <JustNowPanel />
        </div>
      </div>
    </div>
  );
}
