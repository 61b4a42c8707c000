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

/** `now` is in milliseconds since the Unix epoch, `monotonic` in nanoseconds. */
export function createClock(now: () => number, monotonic: () => bigint): Clock {
  let offset = wallOffset(0);

  /** Microseconds from the monotonic to the wall clock; what is known when this process is interrupted at every try. */
  function wallOffset(known: number): number {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = monotonic();
      const wall = now();
      if (monotonic() - before < APART) return wall * 1000 - Number(before / 1000n);
    }
    return known;
  }

  function micros(at: bigint): number {
    const current = wallOffset(offset);
    if (Math.abs(current - offset) > STEP) offset = current;
    return Number(at / 1000n) + offset;
  }

  return { micros, iso: (at) => new Date(micros(at) / 1000).toISOString() };
}

export const systemClock = createClock(Date.now, process.hrtime.bigint);
