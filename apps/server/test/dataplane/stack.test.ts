import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Of a program and what it calls. Until Linux 6.8 each is counted in whole parts of it. */
const MOST = 512;
const PART = 32;

/** What clang says of each function: place, bytes, and whether these are always as many. */
const USAGE = new URL('../../../../bpf/build/sidestep.su', import.meta.url);

/** An older kernel refuses what a newer one takes, and no test here runs on one. So there is to be room for the two largest functions under any program, which is about as deep as they go. */
test('a program and what it calls have room on the stack of every kernel', () => {
  const frames = readFileSync(USAGE, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [place = '', bytes = ''] = line.split('\t');
      return {
        name: place.split(':').at(-1) ?? '',
        bytes: Math.max(Math.ceil(Number(bytes) / PART), 1) * PART,
      };
    })
    .sort((one, other) => other.bytes - one.bytes);
  const [program] = frames.filter(({ name }) => name.startsWith('sidestep_'));
  const [largest, second] = frames.filter(({ name }) => !name.startsWith('sidestep_'));
  const all = [program, largest, second].reduce((sum, frame) => sum + (frame?.bytes ?? Number.NaN), 0);
  expect(all, JSON.stringify([program, largest, second])).toBeLessThanOrEqual(MOST);
});
