import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { HIGH_WATER, paced } from '../../src/trpc/pace.ts';
import { take } from '../support/collect.ts';

const idle = { bufferedAmount: 0 };

async function* counting(asked: number[] = []) {
  for (let n = 0; ; n++) {
    asked.push(performance.now());
    yield n;
  }
}

test('the first frame comes at once, the others at most ten a second', async () => {
  const asked: number[] = [];
  expect(await take((signal) => paced(counting(asked), idle, signal), 4)).toEqual([0, 1, 2, 3]);
  const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(90);
});

test('a source is not asked while the reader is behind', async () => {
  const wire = { bufferedAmount: HIGH_WATER + 1 };
  const asked: number[] = [];
  const ending = new AbortController();
  const reader = paced(counting(asked), wire, ending.signal);
  await reader.next();
  const second = reader.next();
  await sleep(500);
  expect(asked).toHaveLength(1);
  wire.bufferedAmount = 0;
  expect((await second).value).toBe(1);
  ending.abort();
  expect((await reader.next()).done).toBe(true);
});

test('a reader that goes while it is behind ends the source', async () => {
  let isEnded = false;
  async function* source() {
    try {
      yield* counting();
    } finally {
      isEnded = true;
    }
  }
  const ending = new AbortController();
  const reader = paced(source(), { bufferedAmount: HIGH_WATER + 1 }, ending.signal);
  await reader.next();
  const waiting = reader.next();
  ending.abort();
  expect((await waiting).done).toBe(true);
  expect(isEnded).toBe(true);
});

test('an error of the source reaches the reader', async () => {
  async function* broken() {
    yield 1;
    throw new Error('broken');
  }
  const reader = paced(broken(), idle, new AbortController().signal);
  await reader.next();
  await expect(reader.next()).rejects.toThrow('broken');
});
