import { expect, test } from 'vitest';
import { Process } from '../src/sandbox/process.ts';
import { within } from '../src/within.ts';

test('a program that ends in time is left to say what it has to say', async () => {
  await using said = new Process(['echo', 'done']);
  expect(await within(30, said, said.result())).toBe('done');
  await using failing = new Process(['sh', '-c', 'echo too bad >&2; exit 3']);
  await expect(within(30, failing, failing.result())).rejects.toThrow('too bad');
});

test('a program that does not end is ended, and was hung', async () => {
  await using sleeper = new Process(['sleep', '60']);
  await expect(within(0.05, sleeper, sleeper.result())).rejects.toThrow('hung');
  expect(sleeper.running).toBe(false);
});
