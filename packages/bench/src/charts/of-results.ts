import type { CellResult, PointResult } from '../cell.ts';
import { type Group, groupsOf } from '../groups.ts';
import { detailOf, figureOf, ratioOf, type Spread } from '../statistics.ts';
import { VARIANTS, type Variant } from '../variants.ts';
import type { Chart, Panel } from './chart.ts';

/** The charts of the literature, by the name of their file; those that nothing was measured for are left out. */
export function chartsOf(results: readonly CellResult[]): Map<string, Chart> {
  const charts = new Map<string, Chart>();
  const pointsOf = (name: string) => results.find((result) => result.name === name)?.points ?? [];
  const add = (name: string, chart: Chart) => {
    if (chart.panels.length > 0) charts.set(name, chart);
  };
  for (const group of pairsOf(pointsOf('streams'), 'Nagle'))
    add(`throughput-${slug(group.words)}`, {
      title: `Throughput of a one-way stream: ${group.words}`,
      kind: 'lines',
      horizontal: 'bytes in one write',
      vertical: 'Gbit/s',
      scale: 'logarithmic',
      panels: group.groups.map((one) => sizePanel(one, `Nagle ${one.labels.Nagle}`)),
    });
  const exchanges = pointsOf('request-response').filter(({ labels }) => labels.Nagle === 'off');
  for (const group of pairsOf(exchanges, 'CPUs'))
    add(`exchanges-${slug(group.words)}`, {
      title: `Requests answered a second: ${group.words}`,
      kind: 'lines',
      horizontal: 'bytes of the request and of the answer',
      vertical: 'exchanges/s',
      scale: 'logarithmic',
      panels: group.groups.map((one) => sizePanel(one, cpuWords(one))),
    });
  for (const group of pairsOf(
    exchanges.filter(({ labels }) => labels.message === '64 B'),
    'CPUs',
  ))
    add(`latency-${slug(group.words)}`, {
      title: `Time until the answer to 64 B: ${group.words}`,
      kind: 'lines',
      horizontal: 'of all answers, so many came sooner',
      vertical: 'µs',
      scale: 'logarithmic',
      panels: group.groups.flatMap((one) => one.points.map((point) => latencyPanel(point, cpuWords(one)))),
    });
  add('programs', programChart(results));
  return charts;
}

interface Pair {
  /** What the groups have in common, in words. */
  readonly words: string;
  readonly groups: readonly Group[];
}

/** Groups that differ in this label stand beside each other. */
function pairsOf(points: readonly PointResult[], label: string): Pair[] {
  const pairs = new Map<string, Group[]>();
  for (const group of groupsOf(points)) {
    const { [label]: _, ...common } = group.labels;
    const words = commonWords(common);
    pairs.set(words, [...(pairs.get(words) ?? []), group]);
  }
  return Array.from(pairs, ([words, groups]) => ({ words, groups }));
}

function commonWords({ connections, CPUs, Nagle }: Readonly<Record<string, string | number>>): string {
  return [
    connections === undefined ? [] : [connections === 1 ? '1 connection' : `${connections} connections`],
    CPUs === undefined ? [] : [CPUs === 'same' ? 'both ends on one CPU' : 'each end on its own CPU'],
    Nagle === undefined ? [] : [`Nagle ${Nagle}`],
  ]
    .flat()
    .join(', ');
}

function cpuWords({ labels }: Group): string {
  return labels.CPUs === 'same' ? 'Both ends on one CPU' : 'Each end on its own CPU';
}

function sizePanel({ points }: Group, title: string): Panel {
  return panelOf(
    title,
    points.map(({ labels }) => String(Object.values(labels)[0])),
    points,
    (point, variant) => figureOf(point, variant),
  );
}

const PERCENTILES = ['p50', 'p90', 'p99', 'p99.9'];

function latencyPanel(point: PointResult, title: string): Panel {
  const details = PERCENTILES.map((name) => detailOf(`${name} in µs`));
  return {
    title,
    places: PERCENTILES.map((name) => `${name.slice(1)} %`),
    series: measuredIn([point]).map((variant) => ({
      variant,
      spreads: details.map((detail) => figureOf(point, variant, detail)),
    })),
  };
}

/** Programs answer so differently often that only the ratio to plain TCP shows them on one axis. */
function programChart(results: readonly CellResult[]): Chart {
  const programs = results.filter(({ name }) => ['redis', 'pgbench', 'nginx'].includes(name));
  return {
    title: 'Real programs, compared with themselves over plain TCP',
    kind: 'bars',
    horizontal: '',
    vertical: 'requests or transactions a second, × plain TCP',
    scale: 'linear',
    panels: programs.map(({ title, points }) =>
      panelOf(title, points.map(placeOf), points, (point, variant) => ratioOf(point, variant, 'TCP')),
    ),
  };
}

/** What distinguishes a point, one label on each line. */
function placeOf({ labels }: PointResult): string {
  return Object.entries(labels)
    .map(([name, value]) => (typeof value === 'number' ? `${value} ${plural(name, value)}` : value))
    .join('\n');
}

function plural(name: string, count: number): string {
  if (name === 'pipeline') return 'deep';
  return count === 1 ? name.replace(/s$/, '') : name;
}

function panelOf(
  title: string,
  places: readonly string[],
  points: readonly PointResult[],
  spreadOf: (point: PointResult, variant: Variant) => Spread | null,
): Panel {
  const series = measuredIn(points).map((variant) => ({
    variant,
    spreads: points.map((point) => spreadOf(point, variant)),
  }));
  return { title, places, series };
}

function measuredIn(points: readonly PointResult[]): Variant[] {
  return VARIANTS.filter((variant) => points.some((point) => figureOf(point, variant)));
}

function slug(words: string): string {
  return words.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
