import type { StatisticsHistory, StatisticsPoint } from '@sidestep/shared';
import { afterEach, expect, test, vi } from 'vitest';
import {
  addPoint,
  chartPoints,
  endsEarly,
  readableMarks,
  spreadLabels,
  timeTicks,
  valueTicks,
} from './series.ts';

afterEach(() => vi.unstubAllEnvs());

const point = (at: number, bypass = 0): StatisticsPoint => ({
  at,
  bytes: { bypass, stack: 0 },
  messages: { bypass, stack: 0 },
  connections: { bypass: 0, stack: 0 },
  events: 0,
});
const history = (points: StatisticsPoint[]): StatisticsHistory => ({
  range: '5m',
  interval: 1000,
  until: points.at(-1)?.at ?? 0,
  points,
  marks: [],
});

test('a new point goes to the end and the oldest fall out of the window', () => {
  const full = { ...history([point(0), point(1000)]), marks: [{ at: 500, word: 'enabled' }] };
  const next = addPoint(full, point(301_000));
  expect(next.points.map(({ at }) => at)).toEqual([1000, 301_000]);
  expect(next.marks).toEqual([]);
});

test('the line ends where nothing is counted any more', () => {
  const held = history([point(0), point(1000)]);
  expect(endsEarly(held)).toBe(false);
  expect(endsEarly({ ...held, until: 3000 })).toBe(false);
  expect(endsEarly({ ...held, until: 4000 })).toBe(true);
  expect(endsEarly(addPoint({ ...held, until: 4000 }, point(5000)))).toBe(false);
  expect(endsEarly(history([]))).toBe(true);
});

test('a point that is already there changes nothing', () => {
  const held = history([point(1000)]);
  expect(addPoint(held, point(1000))).toBe(held);
});

test('there are never more than 300 points', () => {
  let held = history([]);
  for (let at = 0; at < 400; at += 1) held = addPoint(held, point(at * 500));
  expect(held.points).toHaveLength(300);
});

test('seconds without a daemon break the line', () => {
  const points = chartPoints(
    history([point(0, 1), point(1000, 2), point(9000, 3)]),
    ({ messages }) => messages,
  );
  expect(points.map(({ bypass }) => bypass)).toEqual([1, 2, null, 3]);
});

test('one late second does not break the line', () => {
  expect(chartPoints(history([point(0), point(2000)]), ({ bytes }) => bytes)).toHaveLength(2);
});

test('marks keep their lines and lose words that would overlap', () => {
  const marks = [
    { at: 0, word: 'before' },
    { at: 10_000, word: 'enabled' },
    { at: 12_000, word: 'disabled' },
    { at: 200_000, word: 'daemon restarted' },
  ];
  expect(readableMarks(marks, 5000, 300_000).map(({ word }) => word)).toEqual([
    '',
    'disabled',
    'daemon restarted',
  ]);
});

test('labels keep their distance and stay inside', () => {
  expect(spreadLabels(10, 90, 20, 100)).toEqual([10, 90]);
  expect(spreadLabels(50, 54, 20, 100)).toEqual([42, 62]);
  expect(spreadLabels(54, 50, 20, 100)).toEqual([62, 42]);
  expect(spreadLabels(100, 100, 20, 100)).toEqual([80, 100]);
});

test('ticks are round moments inside the window', () => {
  const from = new Date(2026, 0, 1, 12, 0, 30).getTime();
  const ticks = timeTicks(from, from + 300_000, '5m').map((at) => new Date(at).getMinutes());
  expect(ticks).toEqual([1, 2, 3, 4, 5]);
});

test.each([
  ['back', '2026-10-28T12:00:00+01:00'],
  ['forward', '2026-04-01T12:00:00+02:00'],
])('days begin at midnight and hours are whole, also where the clock was put %s', (_, end) => {
  vi.stubEnv('TZ', 'Europe/Berlin');
  const to = Date.parse(end);
  const days = timeTicks(to - 604_800_000, to, '7d').map((at) => new Date(at));
  expect(days.map((at) => at.getHours())).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(new Set(days.map((at) => at.getDate())).size).toBe(7);
  const change = new Date(to).setDate(new Date(to).getDate() - 3);
  const hours = timeTicks(change - 86_400_000, change, '24h').map((at) => new Date(at).getHours());
  expect(hours.slice(-6)).toEqual([16, 20, 0, 4, 8, 12]);
});

test('an axis that counts things has no half of one', () => {
  expect(valueTicks(1, true)).toEqual([0, 1]);
  expect(valueTicks(5, true)).toEqual([0, 5]);
  expect(valueTicks(20, true)).toEqual([0, 10, 20]);
  expect(valueTicks(5, false)).toEqual([0, 2.5, 5]);
});
