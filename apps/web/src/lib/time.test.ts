import { expect, test } from 'vitest';
import {
  formatAgo,
  formatClock,
  formatDuration,
  formatMinute,
  formatMoment,
  formatSpan,
  momentOf,
} from './time.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test.each([
  [-5, '0\u2009s'],
  [0, '0\u2009s'],
  [3 * SECOND, '3\u2009s'],
  [59.9 * SECOND, '59\u2009s'],
  [MINUTE, '1\u2009min'],
  [59 * MINUTE, '59\u2009min'],
  [2 * HOUR, '2\u2009h'],
  [47 * HOUR, '47\u2009h'],
  [12 * 24 * HOUR, '12\u2009d'],
])('%d ms is %s', (span, words) => {
  expect(formatSpan(span)).toBe(words);
});

test('ago is measured from now, and the future is just now', () => {
  expect(formatAgo(0, 2 * HOUR)).toBe('2\u2009h ago');
  expect(formatAgo(0, 500)).toBe('just now');
  expect(formatAgo(10_000, 0)).toBe('just now');
});

test('short durations keep two digits', () => {
  expect(formatDuration(0)).toBe('0\u2009ms');
  expect(formatDuration(0.000_042)).toBe('42\u2009µs');
  expect(formatDuration(0.0123)).toBe('12\u2009ms');
  expect(formatDuration(1.24)).toBe('1.2\u2009s');
  expect(formatDuration(75)).toBe('1\u2009min');
});

test('just below the next unit a duration is one of that', () => {
  expect(formatDuration(0.000_999_4)).toBe('999\u2009µs');
  expect(formatDuration(0.000_999_7)).toBe('1\u2009ms');
  expect(formatDuration(0.994)).toBe('990\u2009ms');
  expect(formatDuration(0.995)).toBe('1\u2009s');
  expect(formatDuration(0.9999)).toBe('1\u2009s');
});

test('clocks are local and padded', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
  expect(formatClock(at)).toBe('03:04:05');
  expect(formatMinute(at)).toBe('03:04');
  expect(formatMoment(at)).toBe('2026-01-02 03:04:05.006');
});

test('microseconds survive', () => {
  const at = Date.UTC(2026, 0, 1);
  expect(momentOf('2026-01-01T00:00:00.000Z')).toBe(at);
  expect(momentOf('2026-01-01T00:00:00.001234Z') - at).toBeCloseTo(1.234, 3);
  expect(momentOf('2026-01-01T00:00:00Z')).toBe(at);
});
