/** Turns the kernel's CLOCK_MONOTONIC, in nanoseconds, into wall-clock time as it reads now. */
export interface Clock {
  /** Microseconds since the Unix epoch. */
  micros(monotonic: bigint): number;
  /** ISO 8601, to the millisecond. */
  iso(monotonic: bigint): string;
}

/** A smaller difference is the wall clock's own grain; following it would put events out of order. */
const STEP = 2_000;

let offset = wallOffset();

function wallOffset(): number {
  return Date.now() * 1000 - Number(process.hrtime.bigint() / 1000n);
}

function micros(monotonic: bigint): number {
  const current = wallOffset();
  if (Math.abs(current - offset) > STEP) offset = current;
  return Number(monotonic / 1000n) + offset;
}

export const systemClock: Clock = {
  micros,
  iso: (monotonic) => new Date(micros(monotonic) / 1000).toISOString(),
};
