import type { Spread } from '../statistics.ts';
import type { Variant } from '../variants.ts';

export interface Series {
  readonly variant: Variant;
  /** One for each place of the panel's axis; null where nothing was measured. */
  readonly spreads: readonly (Spread | null)[];
}

/** One of the diagrams that stand side by side, with the same vertical axis. */
export interface Panel {
  readonly title: string;
  readonly places: readonly string[];
  readonly series: readonly Series[];
}

export interface Chart {
  readonly title: string;
  readonly kind: 'lines' | 'bars';
  readonly horizontal: string;
  readonly vertical: string;
  /** Bars are linear, from 0. */
  readonly scale: 'linear' | 'logarithmic';
  readonly panels: readonly Panel[];
}
