import type { Path } from '@sidestep/shared';

/** What the connections of a pair of programs did in some span of time, on one path. */
export interface Window {
  readonly path: Path;
  readonly ms: number;
  /** Sent by both sides. */
  readonly bytes: number;
  /** For which the processes ran; null when it is not known. */
  readonly cpuMs: number | null;
}

/** The other path must be better by more than measuring is wrong. */
const MORE_BYTES = 1.05;
/** What it may take in work, for each byte, for more bytes. */
const HARDLY_MORE_WORK = 1.05;
const LESS_WORK = 0.92;
/** What it may lose in bytes for less work. */
const NEARLY_AS_MANY = 0.98;

/**
 * The better path for what the windows show: one after the other, by turns, the first one on the path that it has now. Another path must move
 * more bytes for hardly more work, or as many for less, altogether and in each turn.
 */
export function betterPath(windows: readonly Window[]): Path | null {
  const own = windows.filter((_, index) => index % 2 === 0);
  const other = windows.filter((_, index) => index % 2 === 1);
  const [first] = own;
  const [second] = other;
  if (!first || !second || windows.some(({ bytes }) => bytes === 0)) return null;
  const bytes = rate(other) / rate(own);
  const work = ratio(cost(other), cost(own));
  const fasterEachTime = own.every((one, turn) => other[turn] && rate([other[turn]]) > rate([one]));
  const lighterEachTime = own.every((one, turn) => {
    const [mine, its] = [cost([one]), other[turn] ? cost([other[turn]]) : null];
    return mine !== null && its !== null && its < mine;
  });
  const moves = bytes >= MORE_BYTES && fasterEachTime && (work === null || work <= HARDLY_MORE_WORK);
  const saves = work !== null && work <= LESS_WORK && lighterEachTime && bytes >= NEARLY_AS_MANY;
  return moves || saves ? second.path : first.path;
}

/** Bytes a millisecond. */
export function rate(windows: readonly Window[]): number {
  return sum(windows, ({ bytes }) => bytes) / sum(windows, ({ ms }) => ms);
}

/** Processor time for a byte, in milliseconds; null when it is not known. */
export function cost(windows: readonly Window[]): number | null {
  if (windows.some(({ cpuMs }) => cpuMs === null)) return null;
  return sum(windows, ({ cpuMs }) => cpuMs ?? 0) / sum(windows, ({ bytes }) => bytes);
}

function ratio(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
