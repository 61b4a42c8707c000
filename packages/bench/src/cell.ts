import type { Bed } from './bed.ts';
import type { Options } from './options.ts';
import type { Variant } from './variants.ts';

/** What distinguishes a point of a cell from its others, in the order in which it is shown. */
export type Labels = Readonly<Record<string, string | number>>;

/** One run. `value` is null when it went wrong, and then `trouble` says how. */
export interface Measurement {
  readonly value: number | null;
  /** Further figures, each with its unit in its name. */
  readonly details: Readonly<Record<string, number>>;
  readonly trouble: string | null;
}

/** What is measured under the same circumstances with all variants. */
export interface Point {
  readonly labels: Labels;
  readonly variants: readonly Variant[];
  measure(bed: Bed, variant: Variant): Promise<Measurement>;
}

/** Every measurement of each variant, by round. */
export interface PointResult {
  readonly labels: Labels;
  readonly measured: Readonly<Partial<Record<Variant, readonly Measurement[]>>>;
}

export interface CellResult {
  readonly name: string;
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly method: string;
  /** Of `value`. More is better, except for the idle daemon. */
  readonly unit: string;
  readonly points: readonly PointResult[];
}

/** Told after each measurement: how long it should have taken, and what it was. */
export type OnStep = (seconds: number, words: string) => void;

export interface Plan {
  /** How long it should take. */
  readonly seconds: number;
  run(bed: Bed, onStep: OnStep): Promise<CellResult>;
}

/** One question that the benchmark answers. */
export interface Cell {
  readonly name: string;
  /** What is measured; null when nothing of it was chosen. */
  plan(options: Options): Plan | null;
}
