import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { paced } from './paced.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('the first is done at once, what comes meanwhile is done once, at the end', () => {
  const work = vi.fn();
  const { ask } = paced(250, work);
  ask();
  expect(work).toHaveBeenCalledTimes(1);
  for (let ms = 0; ms < 240; ms += 10) {
    vi.advanceTimersByTime(10);
    ask();
  }
  expect(work).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10);
  expect(work).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  expect(work).toHaveBeenCalledTimes(2);
});

test('asked for without end it runs four times a second', () => {
  const work = vi.fn();
  const { ask } = paced(250, work);
  for (let ms = 0; ms < 2000; ms++) {
    ask();
    vi.advanceTimersByTime(1);
  }
  expect(work.mock.calls.length).toBeLessThanOrEqual(9);
  expect(work.mock.calls.length).toBeGreaterThanOrEqual(8);
});

test('stopped, nothing comes after', () => {
  const work = vi.fn();
  const { ask, stop } = paced(250, work);
  ask();
  ask();
  stop();
  vi.advanceTimersByTime(1000);
  expect(work).toHaveBeenCalledTimes(1);
});
