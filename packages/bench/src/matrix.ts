import type { Labels, Point } from './cell.ts';
import { type Cpus, placesHere } from './cpus.ts';
import type { Nagle, Options } from './options.ts';
import { sizeWords } from './sizes.ts';
import type { Variant } from './variants.ts';

/** Under which circumstances a point is measured. */
export interface Circumstances {
  readonly size: number;
  readonly nagle: Nagle;
  readonly connections: number;
  readonly place: Cpus;
  readonly labels: Labels;
  readonly variants: readonly Variant[];
}

/** A point for every combination that the options leave; `what` has the size, in bytes. */
export function matrixOf(
  options: Options,
  what: string,
  sizes: readonly number[],
  pointAt: (circumstances: Circumstances) => Point,
): Point[] {
  const points: Point[] = [];
  for (const place of placesHere(options.cpus))
    for (const connections of options.connections)
      for (const nagle of options.nagle)
        for (const size of options.sizes ?? sizes)
          points.push(
            pointAt({
              size,
              nagle,
              connections,
              place,
              labels: { [what]: sizeWords(size), Nagle: nagle, connections, CPUs: place },
              // A UNIX socket has no Nagle's algorithm: it is measured where the others have none either.
              variants: options.variants.filter((variant) => variant !== 'UNIX' || nagle === 'off'),
            }),
          );
  return points;
}
