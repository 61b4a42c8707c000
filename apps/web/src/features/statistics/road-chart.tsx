'use client';

import type { Path, StatisticsHistory, StatisticsPoint } from '@sidestep/shared';
import { useMemo } from 'react';
import { Area, AreaChart, CartesianGrid, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import { niceCeiling } from '@/lib/number.ts';
import { formatClock, formatMinute, formatMoment } from '@/lib/time.ts';
import { useWidth } from '@/lib/width.ts';
import { Panel } from '@/ui/panel.tsx';
import { PathGlyph } from '@/ui/path-glyph.tsx';
import { Skeleton } from '@/ui/skeleton.tsx';
import { type ChartPoint, chartPoints, readableMarks, SPANS, spreadLabels, timeTicks } from './series.ts';

const PLOT = { height: 140, top: 18, bottom: 24, left: 52, right: 76 };
const PLOT_HEIGHT = PLOT.height - PLOT.top - PLOT.bottom;
const COLORS = { bypass: 'var(--accent)', stack: 'var(--stack)' } as const;
const LABEL_GAP = 18;

interface RoadChartProps {
  title: string;
  history: StatisticsHistory | null;
  /** The series; without `stack` there is one line. */
  pick: (point: StatisticsPoint) => { bypass: number; stack?: number };
  format: (value: number) => string;
  /** Steps instead of slopes, for counts of things. */
  steps?: boolean;
}

/** One or two lines over time, with the last value at each line's end. Neighbours share the cursor. */
export function RoadChart({ title, history, pick, format, steps = false }: RoadChartProps) {
  const [ref, width] = useWidth();
  const points = useMemo(
    () => (history ? chartPoints(history, (point) => ({ stack: 0, ...pick(point) })) : []),
    [history, pick],
  );
  const single = history?.points[0] ? pick(history.points[0]).stack === undefined : false;
  const last = points.at(-1);
  const top = niceCeiling(
    points.reduce((most, { bypass, stack }) => Math.max(most, bypass ?? 0, stack ?? 0), 0),
  );
  return (
    <Panel title={title}>
      <div ref={ref} className="relative px-2 pb-2" style={{ height: PLOT.height + 8 }}>
        {history === null && <Skeleton className="mx-2 h-28" />}
        {history && !last && (
          <p className="px-2 pt-10 text-center text-muted">The first second is on its way.</p>
        )}
        {history && last && width > 0 && (
          <>
            <Plot {...{ history, points, top, width, format, single, steps }} />
            <EndLabels last={last} top={top} format={format} single={single} />
          </>
        )}
      </div>
    </Panel>
  );
}

interface PlotProps {
  history: StatisticsHistory;
  points: ChartPoint[];
  top: number;
  width: number;
  format: (value: number) => string;
  single: boolean;
  steps: boolean;
}

function Plot({ history, points, top, width, format, single, steps }: PlotProps) {
  const to = points.at(-1)?.at ?? 0;
  const from = to - SPANS[history.range];
  const clock = history.range === '7d' ? (at: number) => formatMoment(at).slice(5, 10) : formatMinute;
  const area = { type: steps ? 'stepAfter' : 'linear', isAnimationActive: false, fillOpacity: 0.1 } as const;
  return (
    <AreaChart
      width={width}
      height={PLOT.height}
      data={points}
      margin={{ top: PLOT.top, right: PLOT.right, bottom: 0, left: 0 }}
      syncId="statistics"
      syncMethod="value"
      accessibilityLayer={false}
    >
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis
        dataKey="at"
        type="number"
        domain={[from, to]}
        ticks={timeTicks(from, to, history.range)}
        tickFormatter={clock}
        height={PLOT.bottom}
        tick={{ fill: 'var(--muted)', fontSize: 12 }}
        axisLine={{ stroke: 'var(--line)' }}
        tickLine={false}
        interval="equidistantPreserveStart"
      />
      <YAxis
        width={PLOT.left}
        domain={[0, top]}
        ticks={[0, top / 2, top]}
        tickFormatter={format}
        tick={{ fill: 'var(--muted)', fontSize: 12 }}
        axisLine={false}
        tickLine={false}
      />
      <Tooltip
        isAnimationActive={false}
        cursor={{ stroke: 'var(--line-strong)' }}
        content={({ active, payload }) => {
          const point = payload?.[0]?.payload as ChartPoint | undefined;
          return active && point ? <Reading {...{ point, format, single }} /> : null;
        }}
      />
      {!single && (
        <Area {...area} dataKey="stack" stroke={COLORS.stack} fill={COLORS.stack} strokeWidth={1.5} />
      )}
      <Area
        {...area}
        dataKey="bypass"
        stroke={single ? 'var(--muted)' : COLORS.bypass}
        fill={single ? 'var(--muted)' : COLORS.bypass}
        strokeWidth={single ? 1.5 : 2}
      />
      {readableMarks(history.marks, from, to - from).map((mark) => (
        <ReferenceLine
          key={`${mark.at} ${mark.word}`}
          x={mark.at}
          stroke="var(--line-strong)"
          strokeDasharray="2 3"
          label={{
            value: mark.word,
            position: 'top',
            fill: 'var(--muted)',
            fontSize: 12,
            // Near the right edge the word stands left of its line, clear of the values there.
            textAnchor: mark.at > to - (to - from) / 8 ? 'end' : 'middle',
          }}
        />
      ))}
    </AreaChart>
  );
}

/** What the lines say under the cursor. */
function Reading(props: { point: ChartPoint; format: (value: number) => string; single: boolean }) {
  const { point, format, single } = props;
  if (point.bypass === null) return null;
  return (
    <div className="tabular rounded-md border bg-surface px-2 py-1.5 text-xs shadow-overlay">
      <p className="text-muted">{formatClock(point.at)}</p>
      {(single ? (['bypass'] as const) : (['bypass', 'stack'] as const)).map((path) => (
        <p key={path} className="flex items-center gap-2">
          {!single && <PathGlyph path={path} />}
          {!single && <span className="text-muted">{path}</span>}
          <span className="ml-auto font-medium">{format(point[path] ?? 0)}</span>
        </p>
      ))}
    </div>
  );
}

function EndLabels(props: {
  last: ChartPoint;
  top: number;
  format: (value: number) => string;
  single: boolean;
}) {
  const { last, top, format, single } = props;
  const height = (value: number | null) => (1 - (value ?? 0) / top) * PLOT_HEIGHT;
  const [bypass, stack] = single
    ? [height(last.bypass), 0]
    : spreadLabels(height(last.bypass), height(last.stack), 2 * LABEL_GAP, PLOT_HEIGHT);
  const labels: [Path, number][] = single
    ? [['bypass', bypass]]
    : [
        ['bypass', bypass],
        ['stack', stack],
      ];
  return labels.map(([path, y]) => (
    <p
      key={path}
      className="tabular pointer-events-none absolute right-2 w-[72px] pl-1 text-xs leading-4"
      style={{ top: PLOT.top + y - (single ? 8 : 16) }}
    >
      {!single && (
        <span className={path === 'bypass' ? 'block text-accent' : 'block text-muted'}>{path}</span>
      )}
      <span className="font-medium whitespace-nowrap">{format(last[path] ?? 0)}</span>
    </p>
  ));
}
