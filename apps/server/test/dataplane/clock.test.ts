import { expect, test } from 'vitest';
import { createClock, systemClock } from '../../src/dataplane/clock.ts';

test('the monotonic clock of now reads as now', () => {
  const before = Date.now();
  const now = systemClock.micros(Number(process.hrtime.bigint())) / 1000;
  const after = Date.now();
  // Whoever had the processor in between; the wall clock counts milliseconds.
  expect(now).toBeGreaterThan(before - 5);
  expect(now).toBeLessThan(after + 5);
});

test('events keep their order and their distance', () => {
  const first = Number(process.hrtime.bigint());
  const distances = Array.from({ length: 1000 }, (_, index) => {
    const at = first + index * 1000;
    return systemClock.micros(at + 1000) - systemClock.micros(at);
  });
  expect(Math.min(...distances)).toBeGreaterThan(0);
});

test.each([
  ['forward', 7_200_000],
  ['back', -7_200_000],
])('a clock that is set %s is followed at once, and distances stay', (_way, step) => {
  let [wall, monotonic] = [Date.parse('2026-01-01T00:00:00Z'), 5_000_000_000n];
  const clock = createClock(
    () => wall,
    () => monotonic,
  );
  expect(clock.iso(Number(monotonic))).toBe('2026-01-01T00:00:00.000Z');
  const opened = monotonic;
  wall += step + 1000;
  monotonic += 1_000_000_000n;
  expect(clock.micros(Number(monotonic))).toBe(wall * 1000);
  expect(clock.micros(Number(monotonic)) - clock.micros(Number(opened))).toBe(1_000_000);
});
