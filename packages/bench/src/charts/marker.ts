import { type SymbolType, symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from 'd3-shape';
import type { Variant } from '../variants.ts';
import { LOOKS, type Marker, PAPER } from './look.ts';
import { element } from './svg.ts';

const SHAPES: Readonly<Record<Marker, SymbolType>> = {
  circle: symbolCircle,
  square: symbolSquare,
  diamond: symbolDiamond,
  triangle: symbolTriangle,
};

export function drawMarker(variant: Variant, x: number, y: number): string {
  const { color, marker } = LOOKS[variant];
  const shape = symbol(SHAPES[marker], 46)() ?? '';
  return element('path', {
    d: shape,
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
    fill: color,
    stroke: PAPER,
  });
}
