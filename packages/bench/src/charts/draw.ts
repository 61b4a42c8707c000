import { type ScalePoint, scaleLinear, scaleLog, scalePoint } from 'd3-scale';
import { tick as tickWords } from '../numbers.ts';
import type { Variant } from '../variants.ts';
import { drawBars } from './bars.ts';
import type { Chart, Panel } from './chart.ts';
import { drawLines } from './lines.ts';
import { FAINT_INK, FONT, GRID, INK, LOOKS, NAMES, PAPER } from './look.ts';
import { drawMarker } from './marker.ts';
import { element, text } from './svg.ts';

const WIDTH = 960;
const HEIGHT = 420;
const MARGIN = { left: 92, right: 24, top: 104, bottom: 64 };
const GAP = 28;
const MOST_TICKS = 8;

export type Vertical = ((value: number) => number) & { ticks(): number[] };

/** The chart as an SVG file that needs nothing around it. */
export function draw(chart: Chart): string {
  const { panels, vertical, title } = chart;
  const inner = WIDTH - MARGIN.left - MARGIN.right - GAP * (panels.length - 1);
  const width = inner / panels.length;
  const y = verticalOf(chart);
  const shown = (['TCP', 'textbook', 'Sidestep', 'UNIX'] as const).filter((variant) =>
    panels.some(({ series }) => series.some((one) => one.variant === variant)),
  );
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      role: 'img',
      'aria-label': title,
      'font-family': FONT,
      'font-size': 12,
      fill: INK,
    },
    element('rect', { width: WIDTH, height: HEIGHT, rx: 8, fill: PAPER }),
    text(title, { x: MARGIN.left, y: 34, 'font-size': 17, 'font-weight': 600 }),
    legend(shown),
    text(vertical, {
      transform: `translate(22 ${(MARGIN.top + HEIGHT - MARGIN.bottom) / 2}) rotate(-90)`,
      'text-anchor': 'middle',
      fill: FAINT_INK,
    }),
    ...panels.map((panel, index) =>
      drawPanel(chart, panel, y, MARGIN.left + index * (width + GAP), width, index === 0),
    ),
  )}\n`;
}

function verticalOf({ panels, scale, kind }: Chart): Vertical {
  const spreads = panels
    .flatMap(({ series }) => series.flatMap(({ spreads: all }) => all))
    .filter((one) => one !== null);
  const range = [HEIGHT - MARGIN.bottom, MARGIN.top];
  const most = Math.max(...spreads.map(({ max }) => max));
  if (scale === 'linear') {
    const y = scaleLinear([0, most], range).nice();
    return Object.assign((value: number) => y(value), { ticks: () => y.ticks(kind === 'bars' ? 6 : 5) });
  }
  // Nothing at all has no place on a logarithmic axis, and is shown at its foot.
  const positive = spreads.flatMap(({ min, median }) => [min, median]).filter((figure) => figure > 0);
  const least = Math.min(...positive, most);
  const y = scaleLog([least, most], range).nice();
  const [foot = least] = y.domain();
  return Object.assign((value: number) => y(Math.max(value, foot)), { ticks: () => roundTicks(y.ticks()) });
}

/** Of the many ticks of a logarithmic axis those that there is room for: 1, 2 and 5 of each decade, or only 1. */
function roundTicks(ticks: readonly number[]): number[] {
  const digit = (tick: number) => Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9));
  const round = ticks.filter((tick) => [1, 2, 5].includes(digit(tick)));
  return round.length <= MOST_TICKS ? round : ticks.filter((tick) => digit(tick) === 1);
}

function legend(variants: readonly Variant[]): string {
  const step = 160;
  return element(
    'g',
    {},
    ...variants.flatMap((variant, index) => {
      const x = MARGIN.left + index * step;
      return [
        element('line', {
          x1: x,
          x2: x + 22,
          y1: 56,
          y2: 56,
          stroke: LOOKS[variant].color,
          'stroke-width': 2,
        }),
        drawMarker(variant, x + 11, 56),
        text(NAMES[variant], { x: x + 30, y: 60 }),
      ];
    }),
  );
}

function drawPanel(
  chart: Chart,
  panel: Panel,
  y: Vertical,
  left: number,
  width: number,
  first: boolean,
): string {
  const x: ScalePoint<string> = scalePoint(panel.places, [left, left + width]).padding(0.5);
  const bottom = HEIGHT - MARGIN.bottom;
  const grid = y
    .ticks()
    .flatMap((tick) => [
      element('line', { x1: left, x2: left + width, y1: y(tick), y2: y(tick), stroke: GRID }),
      ...(first
        ? [text(tickWords(tick), { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end', fill: FAINT_INK })]
        : []),
    ]);
  const labels = panel.places.flatMap((place) =>
    place.split('\n').map((line, index) =>
      text(line, {
        x: x(place) ?? 0,
        y: bottom + 18 + index * 14,
        'text-anchor': 'middle',
        fill: FAINT_INK,
        'font-size': 11,
      }),
    ),
  );
  return element(
    'g',
    {},
    text(panel.title, { x: left, y: MARGIN.top - 14, 'font-weight': 600 }),
    ...grid,
    ...labels,
    text(chart.horizontal, {
      x: left + width / 2,
      y: HEIGHT - 12,
      'text-anchor': 'middle',
      fill: FAINT_INK,
    }),
    chart.kind === 'lines' ? drawLines(panel, x, y) : drawBars(panel, x, y),
  );
}
