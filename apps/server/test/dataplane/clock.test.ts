import { expect, test } from 'vitest';
import { createClock, systemClock } from '../../src/dataplane/clock.ts';

test('the monotonic clock of now reads as now', () => {
  const now = systemClock.micros(process.hrtime.bigint());
  expect(Math.abs(now / 1000 - Date.now())).toBeLessThan(50);
});

test('events keep their order and their distance', () => {
  const first = process.hrtime.bigint();
  const distances = Array.from({ length: 1000 }, (_, index) => {
    const at = first + BigInt(index) * 1000n;
    return systemClock.micros(at + 1000n) - systemClock.micros(at);
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
  expect(clock.iso(monotonic)).toBe('2026-01-01T00:00:00.000Z');
  const opened = monotonic;
  wall += step + 1000;
  monotonic += 1_000_000_000n;
  expect(clock.micros(monotonic)).toBe(wall * 1000);
  expect(clock.micros(monotonic) - clock.micros(opened)).toBe(1_000_000);
});
