import { type ScalePoint, scaleBand } from 'd3-scale';
import type { Panel } from './chart.ts';
import type { Vertical } from './draw.ts';
import { INK, LOOKS } from './look.ts';
import { element } from './svg.ts';

const SHARE_OF_STEP = 0.72;

/** A bar as high as the median for each series of a place, and a line from the least to the most. */
export function drawBars({ places, series }: Panel, x: ScalePoint<string>, y: Vertical): string {
  const room = x.step() * SHARE_OF_STEP;
  const within = scaleBand(
    series.map(({ variant }) => variant),
    [-room / 2, room / 2],
  ).paddingInner(0.12);
  return element(
    'g',
    {},
    ...series.flatMap(({ variant, spreads }) =>
      spreads.flatMap((spread, index) => {
        if (!spread) return [];
        const left = (x(places[index] ?? '') ?? 0) + (within(variant) ?? 0);
        const middle = left + within.bandwidth() / 2;
        return [
          element('rect', {
            x: left,
            y: y(spread.median),
            width: within.bandwidth(),
            height: y(0) - y(spread.median),
            fill: LOOKS[variant].color,
          }),
          element('line', { x1: middle, x2: middle, y1: y(spread.min), y2: y(spread.max), stroke: INK }),
        ];
      }),
    ),
  );
}
