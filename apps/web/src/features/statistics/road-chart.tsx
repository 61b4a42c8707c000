'use client';

import type { StatisticsHistory, StatisticsPoint } from '@sidestep/shared';
import dynamic from 'next/dynamic';
import { memo, useMemo } from 'react';
import { niceCeiling } from '@/lib/number.ts';
import { useWidth } from '@/lib/width.ts';
import { Panel } from '@/ui/panel.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { chartPoints, endsEarly, PLOT_HEIGHT } from './series.ts';

const RoadPlot = dynamic(() => import('./road-plot.tsx').catch(() => ({ default: NoPlot })), {
  ssr: false,
  loading: Blank,
});

interface RoadChartProps {
  title: string;
  history: StatisticsHistory | null;
  /** The series; without `stack` there is one line. */
  pick: (point: StatisticsPoint) => { bypass: number; stack?: number };
  format: (value: number) => string;
  /** What stands where nothing was counted. */
  empty: string;
  /** Steps instead of slopes, for counts of things. */
  steps?: boolean;
}

/** One or two lines over time, with the last value at each line's end. Neighbours share the cursor. Drawn only when its history changes: nothing on the overview costs more. */
export const RoadChart = memo(DrawRoadChart);

function DrawRoadChart({ title, history, pick, format, empty, steps = false }: RoadChartProps) {
  const [ref, width] = useWidth();
  const points = useMemo(
    () => (history ? chartPoints(history, (point) => ({ stack: 0, ...pick(point) })) : []),
    [history, pick],
  );
  const single = history?.points[0] ? pick(history.points[0]).stack === undefined : false;
  const last = points.at(-1);
  const end = history && last && !endsEarly(history) ? last : null;
  const top = niceCeiling(
    points.reduce((most, { bypass, stack }) => Math.max(most, bypass ?? 0, stack ?? 0), 0),
  );
  return (
    <Panel title={title}>
      <div ref={ref} className="relative px-2 pb-2" style={{ height: PLOT_HEIGHT + 8 }}>
        {history === null && <Blank />}
        {history && !last && <p className="px-2 pt-10 text-center text-muted">{empty}</p>}
        {history && last && width > 0 && (
          <RoadPlot {...{ history, points, end, top, width, format, single, steps }} />
        )}
      </div>
    </Panel>
  );
}

function Blank() {
  return <Skeleton className="mx-2 h-28" />;
}

/** The daemon went, or was replaced by another version, before the drawing could be fetched. */
function NoPlot() {
  return <p className="px-2 pt-10 text-center text-muted">The chart could not be loaded. Reload the page.</p>;
}
