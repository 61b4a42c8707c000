import { expect, test } from 'vitest';
import { interleave } from '../src/rounds.ts';

test('each variant is measured once a round, and each comes first in turn', async () => {
  const order: string[] = [];
  const variant = (name: string) => async () => order.push(name);
  const measured = await interleave({ a: variant('a'), b: variant('b'), c: variant('c') }, 3);
  expect(order).toEqual(['a', 'b', 'c', 'b', 'c', 'a', 'c', 'a', 'b']);
  expect(measured).toEqual({ a: [1, 6, 8], b: [2, 4, 9], c: [3, 5, 7] });
});
