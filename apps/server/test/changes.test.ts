import { expect, test } from 'vitest';
import { Changes } from '../src/changes.ts';

const never = new AbortController().signal;

test('a reader that is behind does not wait', async () => {
  const changes = new Changes();
  changes.notify();
  expect(await changes.after(0, never)).toBe(1);
});

test('many changes wake a waiting reader once', async () => {
  const changes = new Changes();
  const woken = changes.after(0, never);
  changes.notify();
  changes.notify();
  expect(await woken).toBe(2);
  expect(changes.waiting).toBe(0);
});

test('an abort ends the wait and leaves nothing behind', async () => {
  const changes = new Changes();
  const ending = new AbortController();
  const wait = changes.after(0, ending.signal);
  expect(changes.waiting).toBe(1);
  ending.abort();
  expect(await wait).toBe(0);
  expect(changes.waiting).toBe(0);
});
