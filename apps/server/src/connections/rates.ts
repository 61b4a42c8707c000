import type { OpenConnections, Side } from '../dataplane/dataplane.ts';
import { fits } from '../fits.ts';
import type { Rates } from './selection.ts';

const WINDOW_MS = 1000;
/** Older counters say nothing about now: whoever looks again after a while starts afresh. */
const STALE_MS = 5000;
const SIDES = [0, 1] as const;
/** Messages and bytes of each side. */
const EACH = 4;

interface Sample {
  readonly at: number;
  readonly rows: number;
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  readonly counts: Float64Array;
}

/** Says how fast connections go by comparing their counters with those of about a second ago. */
export class RateWindow implements Rates {
  #samples: Sample[] = [];
  #rates = new Float64Array();
  /** One that is not needed any more: its megabytes are used again. */
  #spare: Sample | null = null;

  /** Looks at the table; `now` is in milliseconds, on the steady clock. The first look has nothing to compare with and says zero. */
  look(table: OpenConnections, now: number): void {
    const base = this.#baseAt(now);
    const sample = sampleOf(table, now, this.#spare);
    this.#spare = null;
    this.#samples.push(sample);
    if (!fits(this.#rates.length, sample.counts.length)) this.#rates = new Float64Array(sample.counts.length);
    this.#rates.fill(0);
    if (!base) return;
    const seconds = (now - base.at) / 1000;
    for (let row = 0; row < sample.rows; row++) {
      const same =
        row < base.rows && base.idLow[row] === sample.idLow[row] && base.idHigh[row] === sample.idHigh[row];
      for (let at = row * EACH; at < (row + 1) * EACH; at++) {
        // A connection that was not there before has grown from zero.
        const grown = (sample.counts[at] ?? 0) - (same ? (base.counts[at] ?? 0) : 0);
        this.#rates[at] = Math.max(0, grown) / seconds;
      }
    }
  }

  messageRate(row: number, side: Side): number {
    return this.#rates[row * EACH + side * 2] ?? 0;
  }

  byteRate(row: number, side: Side): number {
    return this.#rates[row * EACH + side * 2 + 1] ?? 0;
  }

  /** The youngest sample that is a whole window old, or the oldest there is. */
  #baseAt(now: number): Sample | undefined {
    this.#samples = this.#samples.filter(({ at }) => at < now && now - at < STALE_MS);
    while (this.#samples[1] && now - this.#samples[1].at >= WINDOW_MS)
      this.#spare = this.#samples.shift() ?? null;
    return this.#samples[0];
  }
}

function sampleOf(table: OpenConnections, at: number, spare: Sample | null): Sample {
  const { rows } = table;
  const { idLow, idHigh, counts } = spare && spare.rows === rows ? spare : blank(rows);
  for (let row = 0; row < rows; row++) {
    if (!table.has(row)) {
      idLow[row] = 0;
      idHigh[row] = 0;
      counts.fill(0, row * EACH, (row + 1) * EACH);
      continue;
    }
    idLow[row] = table.idLow(row);
    idHigh[row] = table.idHigh(row);
    for (const side of SIDES) {
      counts[row * EACH + side * 2] = table.messages(row, side);
      counts[row * EACH + side * 2 + 1] = table.bytes(row, side);
    }
  }
  return { at, rows, idLow, idHigh, counts };
}

function blank(rows: number): Pick<Sample, 'idLow' | 'idHigh' | 'counts'> {
  return {
    idLow: new Uint32Array(rows),
    idHigh: new Uint32Array(rows),
    counts: new Float64Array(rows * EACH),
  };
}
