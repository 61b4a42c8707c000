'use client';

import { type StatisticsPoint, type StatisticsRange, statisticsRangeSchema } from '@sidestep/shared';
import { useState } from 'react';
import { useStatus } from '@/features/acceleration/status.tsx';
import { isWatching } from '@/features/acceleration/use-acceleration.ts';
import { formatBytes, formatCount } from '@/lib/number.ts';
import { ToggleGroup } from '@/ui/toggle-group.tsx';
import { RoadChart } from './road-chart.tsx';
import { useStatistics } from './use-statistics.ts';

const RANGE_WORDS: Record<StatisticsRange, string> = {
  '5m': '5 min',
  '1h': '1 h',
  '24h': '24 h',
  '7d': '7 d',
};

const messages = (point: StatisticsPoint) => point.messages;
const bytes = (point: StatisticsPoint) => point.bytes;
const connections = (point: StatisticsPoint) => point.connections;
const events = (point: StatisticsPoint) => ({ bypass: point.events });

/** The four live charts, over one range. */
export function Charts() {
  const [range, setRange] = useState<StatisticsRange>('5m');
  const history = useStatistics(range);
  const state = useStatus()?.state;
  const coming = state === 'enabling' || isWatching(state);
  const empty = coming ? 'The first second is on its way.' : 'Not counted while off.';
  const shared = { history, empty };
  return (
    <section aria-label="Charts" className="flex flex-col gap-2">
      <div className="flex items-center justify-between">
        <h2 className="font-medium">Over time</h2>
        <ToggleGroup
          label="Range"
          value={range}
          onChange={setRange}
          options={statisticsRangeSchema.options.map((value) => ({ value, words: RANGE_WORDS[value] }))}
        />
      </div>
      <div className="grid gap-4 lg:grid-cols-2">
        <RoadChart title="Messages per second" {...shared} pick={messages} format={formatCount} />
        <RoadChart title="Bytes per second" {...shared} pick={bytes} format={formatBytes} />
        <RoadChart title="Open connections" {...shared} pick={connections} format={formatCount} steps />
        <RoadChart title="Events per second" {...shared} pick={events} format={formatCount} />
      </div>
    </section>
  );
}
