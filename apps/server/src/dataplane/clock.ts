/** Turns the kernel's CLOCK_MONOTONIC, in nanoseconds, into wall-clock time as it reads now. */
export interface Clock {
  /** Microseconds since the Unix epoch. */
  micros(monotonic: bigint): number;
  /** ISO 8601, to the millisecond. */
  iso(monotonic: bigint): string;
}

/** Microseconds. A smaller difference is the wall clock's own grain; following it would put events out of order. */
const STEP = 2_000;
/** Nanoseconds. Two clocks that are read further apart than this say nothing about each other. */
const APART = 200_000n;
const TRIES = 100;

let offset = wallOffset(0);

/** Microseconds from the monotonic to the wall clock; what is known when this process is interrupted at every try. */
function wallOffset(known: number): number {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const before = process.hrtime.bigint();
    const wall = Date.now();
    if (process.hrtime.bigint() - before < APART) return wall * 1000 - Number(before / 1000n);
  }
  return known;
}

function micros(monotonic: bigint): number {
  const current = wallOffset(offset);
  if (Math.abs(current - offset) > STEP) offset = current;
  return Number(monotonic / 1000n) + offset;
}

export const systemClock: Clock = {
  micros,
  iso: (monotonic) => new Date(micros(monotonic) / 1000).toISOString(),
};
