/** Turns the kernel's CLOCK_MONOTONIC, in nanoseconds, into wall-clock time as it reads now. */
export interface Clock {
  /** Microseconds since the Unix epoch. */
  micros(at: number): number;
  /** ISO 8601, to the millisecond. */
  iso(at: number): string;
}

/** Microseconds. A smaller difference is the wall clock's own grain; following it would put events out of order. */
const STEP = 2_000;
/** Nanoseconds. Two clocks that are read further apart than this say nothing about each other. */
const APART = 200_000n;
const TRIES = 100;
/** Nanoseconds. The clocks are not compared more often than this, however many times are asked for. */
const COMPARE_EVERY = 10_000_000n;

/** `now` is in milliseconds since the Unix epoch, `monotonic` in nanoseconds. */
export function createClock(now: () => number, monotonic: () => bigint): Clock {
  let offset = wallOffset(0);
  let compared = monotonic();

  /** Microseconds from the monotonic to the wall clock; what is known when this process is interrupted at every try. */
  function wallOffset(known: number): number {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = monotonic();
      const wall = now();
      if (monotonic() - before < APART) return wall * 1000 - Number(before / 1000n);
    }
    return known;
  }

  function micros(at: number): number {
    const current = monotonic();
    if (current - compared >= COMPARE_EVERY) {
      compared = current;
      const found = wallOffset(offset);
      if (Math.abs(found - offset) > STEP) offset = found;
    }
    return Math.floor(at / 1000) + offset;
  }

  return { micros, iso: (at) => new Date(micros(at) / 1000).toISOString() };
}

export const systemClock = createClock(Date.now, process.hrtime.bigint);
