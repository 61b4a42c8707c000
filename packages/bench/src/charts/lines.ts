import type { ScalePoint } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { Spread } from '../statistics.ts';
import type { Panel } from './chart.ts';
import type { Vertical } from './draw.ts';
import { LOOKS } from './look.ts';
import { drawMarker } from './marker.ts';
import { element } from './svg.ts';

/** A line of medians for each series, in a band from the least to the most. */
export function drawLines({ places, series }: Panel, x: ScalePoint<string>, y: Vertical): string {
  const drawn = series.map(({ variant, spreads }) => ({
    variant,
    points: spreads
      .map((spread, index) => ({ x: x(places[index] ?? '') ?? 0, spread }))
      .filter((point): point is { x: number; spread: Spread } => point.spread !== null),
  }));
  type At = { x: number; spread: Spread };
  const band = area<At>()
    .x((at) => at.x)
    .y0(({ spread }) => y(spread.min))
    .y1(({ spread }) => y(spread.max))
    .digits(1);
  const median = line<At>()
    .x((at) => at.x)
    .y(({ spread }) => y(spread.median))
    .digits(1);
  return element(
    'g',
    {},
    ...drawn.map(({ variant, points }) =>
      element('path', { d: band(points) ?? '', fill: LOOKS[variant].color, 'fill-opacity': 0.16 }),
    ),
    ...drawn.map(({ variant, points }) =>
      element('path', {
        d: median(points) ?? '',
        fill: 'none',
        stroke: LOOKS[variant].color,
        'stroke-width': 2,
      }),
    ),
    ...drawn.flatMap(({ variant, points }) =>
      points.map((at) => drawMarker(variant, at.x, y(at.spread.median))),
    ),
  );
}
