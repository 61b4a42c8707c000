import { expect, test } from 'vitest';
import { systemClock } from '../../src/dataplane/clock.ts';

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
