'use client';

import type { Path, StatisticsHistory, StatisticsRange } from '@sidestep/shared';
import { useCallback, useMemo } from 'react';
import {
  Area,
  AreaChart,
  CartesianGrid,
  ReferenceLine,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { formatClock, formatMinute, formatMoment } from '@/lib/time.ts';
import { PathGlyph } from '@/ui/path-glyph.tsx';
import {
  type ChartPoint,
  PLOT_HEIGHT,
  readableMarks,
  SPANS,
  spreadLabels,
  timeTicks,
  valueTicks,
} from './series.ts';

const PLOT = { height: PLOT_HEIGHT, top: 18, bottom: 24, left: 52, right: 76 };
const LINES_HEIGHT = PLOT.height - PLOT.top - PLOT.bottom;
const COLORS = { bypass: 'var(--accent)', stack: 'var(--stack)' } as const;
const LABEL_GAP = 18;

interface RoadPlotProps {
  history: StatisticsHistory;
  points: readonly ChartPoint[];
  /** The last point, where the line goes on to the right edge. */
  end: ChartPoint | null;
  /** Where the vertical axis ends. */
  top: number;
  /** Pixels. */
  width: number;
  format: (value: number) => string;
  /** One line alone, without a name. */
  single: boolean;
  steps: boolean;
}

/** The drawing of a chart, in a file of its own: the library behind it is most of what the overview would load. */
export default function RoadPlot(props: RoadPlotProps) {
  const { end, top, format, single } = props;
  return (
    <>
      <Lines {...props} />
      {end && <EndLabels {...{ end, top, format, single }} />}
    </>
  );
}

// The library compares props by identity, and works everything out again for each that changed: what can stay the same is made once.
const MARGIN = { top: PLOT.top, right: PLOT.right, bottom: 0, left: 0 };
const TICK = { fill: 'var(--muted)', fontSize: 12 };
const AXIS_LINE = { stroke: 'var(--line)' };
const CURSOR = { stroke: 'var(--line-strong)' };
const formatDay = (at: number) => formatMoment(at).slice(5, 10);
const formatDayAndMinute = (at: number) => formatMoment(at).slice(0, 16);
/** The moment under the cursor: over more than an hour, the time of day may be yesterday's. */
const READ_AT: Record<StatisticsRange, (at: number) => string> = {
  '5m': formatClock,
  '1h': formatClock,
  '24h': formatDayAndMinute,
  '7d': formatDayAndMinute,
};

function Lines({ history, points, top, width, format, single, steps }: RoadPlotProps) {
  const { range } = history;
  const to = Math.max(history.until, points.at(-1)?.at ?? 0);
  const from = to - SPANS[history.range];
  const ticks = useMemo(() => valueTicks(top, steps), [top, steps]);
  const reading = useCallback(
    ({ active, payload }: TooltipContentProps) => {
      const point = payload[0]?.payload as ChartPoint | undefined;
      return active && point ? (
        <Reading {...{ point, at: READ_AT[range](point.at), format, single }} />
      ) : null;
    },
    [range, format, single],
  );
  // With the data at the chart instead, the library would draw it empty before each time that it draws it anew.
  const area = {
    data: points,
    type: steps ? 'stepAfter' : 'linear',
    isAnimationActive: false,
    fillOpacity: 0.1,
  } as const;
  return (
    <AreaChart
      width={width}
      height={PLOT.height}
      margin={MARGIN}
      syncId="statistics"
      syncMethod="value"
      accessibilityLayer={false}
    >
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis
        dataKey="at"
        type="number"
        domain={[from, to]}
        // A word at the right end would run into the values there.
        ticks={timeTicks(from, to - (to - from) / 24, history.range)}
        tickFormatter={history.range === '7d' ? formatDay : formatMinute}
        height={PLOT.bottom}
        tick={TICK}
        axisLine={AXIS_LINE}
        tickLine={false}
        interval="equidistantPreserveStart"
      />
      <YAxis
        width={PLOT.left}
        domain={[0, top]}
        ticks={ticks}
        tickFormatter={format}
        tick={TICK}
        axisLine={false}
        tickLine={false}
      />
      <Tooltip isAnimationActive={false} cursor={CURSOR} content={reading} />
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
function Reading(props: {
  point: ChartPoint;
  at: string;
  format: (value: number) => string;
  single: boolean;
}) {
  const { point, at, format, single } = props;
  if (point.bypass === null) return null;
  return (
    <div className="tabular rounded-md border bg-surface px-2 py-1.5 text-xs shadow-overlay">
      <p className="text-muted">{at}</p>
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
  end: ChartPoint;
  top: number;
  format: (value: number) => string;
  single: boolean;
}) {
  const { end, top, format, single } = props;
  const height = (value: number | null) => (1 - (value ?? 0) / top) * LINES_HEIGHT;
  const [bypass, stack] = single
    ? [height(end.bypass), 0]
    : spreadLabels(height(end.bypass), height(end.stack), 2 * LABEL_GAP, LINES_HEIGHT);
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
      <span className="font-medium whitespace-nowrap">{format(end[path] ?? 0)}</span>
    </p>
  ));
}
