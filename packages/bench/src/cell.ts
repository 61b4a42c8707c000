import type { Bed } from './bed.ts';
import type { Spread } from './statistics.ts';

export interface CellOptions {
  readonly rounds: number;
  /** How long one measurement takes. */
  readonly seconds: number;
  /** Told now and then, in a few words. */
  readonly onProgress: (words: string) => void;
}

/** One line of a table. `ratio` is against plain TCP in the same round; null where there is nothing to compare with. */
export interface CellRow {
  readonly name: string;
  readonly value: Spread;
  readonly ratio: Spread | null;
  /** Further figures, each with its unit in its name. */
  readonly details: Readonly<Record<string, number>>;
}

export interface CellResult {
  readonly title: string;
  /** How it was measured, in one sentence. */
  readonly method: string;
  readonly unit: string;
  readonly rows: readonly CellRow[];
  /** Every single measurement, by row and round. */
  readonly raw: Readonly<Record<string, readonly number[]>>;
}

/** One question that the benchmark answers. */
export interface Cell {
  readonly name: string;
  measure(bed: Bed, options: CellOptions): Promise<CellResult>;
}
