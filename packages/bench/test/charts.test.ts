import { describe, expect, test } from 'vitest';
import type { CellResult, PointResult } from '../src/cell.ts';
import type { Chart } from '../src/charts/chart.ts';
import { draw } from '../src/charts/draw.ts';
import { chartsOf } from '../src/charts/of-results.ts';
import { pointOf } from './points.ts';

const resultOf = (name: string, ...points: PointResult[]): CellResult => ({
  name,
  title: 'Title',
  method: 'By hand.',
  unit: 'Gbit/s',
  points,
});

const streamAt = (write: string, Nagle: string) =>
  pointOf({ write, Nagle, connections: 1, CPUs: 'same' }, { TCP: [1, 2, 3], Sidestep: [4, 5, 6] });

describe('which charts there are', () => {
  test('throughput by size, with and without Nagle’s algorithm side by side', () => {
    const points = ['on', 'off'].flatMap((nagle) => ['1 B', '64 B'].map((write) => streamAt(write, nagle)));
    const charts = chartsOf([resultOf('streams', ...points)]);
    expect([...charts.keys()]).toEqual(['throughput-1-connection-both-ends-on-one-cpu']);
    const [chart] = charts.values();
    expect(chart?.panels.map(({ title, places }) => [title, places])).toEqual([
      ['Nagle on', ['1 B', '64 B']],
      ['Nagle off', ['1 B', '64 B']],
    ]);
    expect(chart?.panels[0]?.series).toContainEqual({
      variant: 'Sidestep',
      spreads: [
        { median: 5, min: 4, max: 6 },
        { median: 5, min: 4, max: 6 },
      ],
    });
  });

  test('exchanges by size and their latency by percentile, on one CPU and on two side by side', () => {
    const latency = { 'p50 in µs': 5, 'p90 in µs': 6, 'p99 in µs': 7, 'p99.9 in µs': 8 };
    const points = ['same', 'different'].map((CPUs) =>
      pointOf({ message: '64 B', Nagle: 'off', connections: 50, CPUs }, { TCP: [1] }, latency),
    );
    const charts = chartsOf([resultOf('request-response', ...points)]);
    expect([...charts.keys()]).toEqual([
      'exchanges-50-connections-nagle-off',
      'latency-50-connections-nagle-off',
    ]);
    const panels = charts.get('latency-50-connections-nagle-off')?.panels;
    expect(panels).toHaveLength(2);
    expect(panels?.[1]?.series[0]?.spreads.map((spread) => spread?.median)).toEqual([5, 6, 7, 8]);
  });

  test('real programs, as ratios to plain TCP', () => {
    const redis = pointOf({ clients: 50, pipeline: 1 }, { TCP: [10, 20], Sidestep: [15, 30] });
    const chart = chartsOf([resultOf('redis', redis)]).get('programs');
    expect(chart?.panels[0]?.places).toEqual(['50 clients\n1 deep']);
    expect(chart?.panels[0]?.series.map(({ spreads }) => spreads[0]?.median)).toEqual([1, 1.5]);
  });

  test('none of what was not measured', () => {
    expect(chartsOf([resultOf('idle-daemon', pointOf({}, { Sidestep: [1] }))]).size).toBe(0);
  });
});

describe('how a chart is drawn', () => {
  const chart: Chart = {
    title: 'Speed of <this> & that',
    kind: 'lines',
    horizontal: 'bytes',
    vertical: 'Gbit/s',
    scale: 'logarithmic',
    panels: [
      {
        title: 'Alone',
        places: ['1 B', '64 B'],
        series: [{ variant: 'Sidestep', spreads: [{ median: 2, min: 0, max: 30 }, null] }],
      },
    ],
  };

  test.for(['lines', 'bars'] as const)(
    'as %s: whole, with its words, and without a hole in its numbers',
    (kind) => {
      const svg = draw({ ...chart, kind, scale: kind === 'bars' ? 'linear' : 'logarithmic' });
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      for (const words of [
        'Speed of &lt;this&gt; &amp; that',
        'Gbit/s',
        'bytes',
        'Alone',
        '64 B',
        '>Sidestep<',
      ])
        expect(svg).toContain(words);
      expect(svg).not.toMatch(/NaN|Infinity|undefined|>plain TCP</);
    },
  );

  test('on a background of its own', () => {
    expect(draw(chart)).toContain('fill="#ffffff"');
  });
});
