import { expect, test } from 'vitest';
import { answersOf, questionsIn } from './answers.ts';
import { growthOf } from './growth.ts';
import { differencesIn } from './ledger.ts';
import { parseOptions } from './options.ts';

test('answers are summed up by question and altogether', () => {
  const times = new Map([
    ['quick', Array.from({ length: 100 }, (_, index) => index + 1)],
    ['slow', [500]],
  ]);
  expect(answersOf(times)).toEqual([
    { question: 'quick', asked: 100, p50: 51, p99: 100, max: 100 },
    { question: 'slow', asked: 1, p50: 500, p99: 500, max: 500 },
    { question: 'all', asked: 101, p50: 51, p99: 100, max: 500 },
  ]);
  expect(questionsIn({ answers: answersOf(times) })).toBe(101);
  expect(questionsIn({ answers: answersOf(new Map()) })).toBe(0);
});

test('growth is that of the line through all but the first fifth', () => {
  const samples = (value: (at: number) => number) =>
    Array.from({ length: 100 }, (_, at) => ({ at, value: value(at) }));
  expect(growthOf(samples(() => 7))).toEqual({ first: 7, grown: 0 });
  expect(growthOf(samples((at) => 100 + 2 * at)).grown).toBeCloseTo(2 * 79);
  // What goes up and down again does not grow.
  expect(Math.abs(growthOf(samples((at) => 100 + 50 * Math.sin(at))).grown)).toBeLessThan(10);
  expect(growthOf([])).toEqual({ first: 0, grown: 0 });
});

const RIGHT = {
  kernel: { sent: 100, lost: 10, leftOut: 5 },
  status: { received: 90, lost: 10, leftOut: 5 },
  numbered: 90,
  marked: 10,
};

test('an account that is right has no differences, and one event more or less is one', () => {
  expect(differencesIn(RIGHT)).toEqual([]);
  expect(differencesIn({ ...RIGHT, numbered: 89 })).toHaveLength(1);
  expect(differencesIn({ ...RIGHT, marked: 11 })).toHaveLength(1);
  expect(differencesIn({ ...RIGHT, status: { received: 91, lost: 10, leftOut: 5 } })).toHaveLength(1);
  expect(differencesIn({ ...RIGHT, kernel: { ...RIGHT.kernel, sent: 101 } })).toHaveLength(2);
});

test('options', () => {
  expect(parseOptions([])).toEqual({ soak: null, out: null });
  expect(parseOptions(['--soak', '3m'])).toEqual({ soak: 180, out: null });
  expect(parseOptions(['--out', 'docs'])).toEqual({ soak: null, out: 'docs' });
  expect(() => parseOptions(['--soak', '3'])).toThrow('--soak takes a time');
  expect(() => parseOptions(['--soak', '3m', '--out', 'x'])).toThrow('not with a soak');
});
