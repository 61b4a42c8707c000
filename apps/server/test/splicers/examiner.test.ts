import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Examiner, type Found } from '../../src/splicers/examiner.ts';
import type { Examined } from '../../src/splicers/executables.ts';

const FOUND: Examined = { path: '/usr/sbin/haproxy', couldSplice: true, here: true };
/** Longer than a file rests that could not be read. */
const LONG_MS = 61_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Files that answer when they are told to; one with a negative number rejects. */
function files() {
  const answers = new Map<number, () => void>();
  const told: [number, Found][] = [];
  const asked: number[] = [];
  const examiner = new Examiner(
    ({ pid }) => {
      asked.push(pid);
      if (pid < 0) return Promise.reject(new Error(`no file ${pid}`));
      return new Promise((resolve) => answers.set(pid, () => resolve(FOUND)));
    },
    ({ pid }, found) => told.push([pid, found]),
  );
  const turn = async (...pids: number[]) => {
    examiner.turn(() => pids.map((pid) => ({ device: 1n, inode: BigInt(pid), version: 3n, pid })));
    await vi.advanceTimersByTimeAsync(0);
  };
  const answer = async (pid: number) => {
    answers.get(pid)?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { turn, answer, asked, told };
}

test('some are looked at at once, and nobody is asked who waits meanwhile', async () => {
  const { turn, answer, asked, told } = files();
  await turn(1, 2, 3, 4, 5, 6);
  await turn(7);
  expect(asked).toEqual([1, 2, 3, 4]);
  await answer(2);
  expect(asked).toEqual([1, 2, 3, 4, 5]);
  await answer(1);
  await turn(1, 7, 7);
  expect(asked).toEqual([1, 2, 3, 4, 5, 6]);
  await answer(1);
  for (const pid of [3, 4, 5, 6]) await answer(pid);
  expect(told.map(([pid]) => pid)).toEqual([2, 1, 3, 4, 5, 6]);
  await turn(7);
  expect(asked.slice(-2)).toEqual([1, 7]);
});

test('a file that cannot be read is told of at the next turn, holds nobody up, and rests', async () => {
  const { turn, answer, asked, told } = files();
  await turn(-1, 2);
  await answer(2);
  expect(told.splice(0)).toEqual([
    [-1, 'unreadable'],
    [2, FOUND],
  ]);
  await expect(turn(-1)).rejects.toThrow('What process -1 executes cannot be read.');
  await turn(-1);
  expect(asked).toEqual([-1, 2]);
  await vi.advanceTimersByTimeAsync(LONG_MS);
  // Nobody need ask for it.
  await turn();
  expect(told).toEqual([[-1, 'due again']]);
  await turn(-1);
  expect(asked).toEqual([-1, 2, -1]);
});

test('who makes executables up has a few a second looked at', async () => {
  const { turn, answer, asked } = files();
  const many = Array.from({ length: 100 }, (_, index) => index + 1);
  await turn(...many);
  for (const pid of many) await answer(pid);
  const inARow = asked.length;
  expect(inARow).toBeLessThan(many.length);
  await turn();
  expect(asked).toHaveLength(inARow);
  await vi.advanceTimersByTimeAsync(1000);
  await turn();
  expect(asked.length - inARow).toBe(4);
});

test('one that is looked at already, and asks again, keeps nobody waiting', async () => {
  const { turn, answer, asked } = files();
  await turn(1);
  await turn(1);
  await answer(1);
  await turn(2);
  expect(asked).toEqual([1, 2]);
});
