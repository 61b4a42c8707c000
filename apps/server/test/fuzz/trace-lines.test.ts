import fc from 'fast-check';
import { expect } from 'vitest';
import { Lines, LONGEST_LINE } from '../../src/trace/lines.ts';
import { fuzz } from './support/fuzz.ts';

/** Bytes as a pipe gives them, cut anywhere: also in the middle of a character. */
const pieces = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new TextEncoder().encode(`${text}\n`)),
  ),
  { maxLength: 12 },
);

fuzz('lines do not depend on where the stream is cut', pieces, (chunks) => {
  const whole = Buffer.concat(chunks);
  const lines = new Lines();
  const cut = chunks.flatMap((chunk) => lines.take(Buffer.from(chunk)));
  expect(cut).toEqual(new Lines().take(whole));
});

fuzz('a line holds no line break, is never empty, and no complete one is missing', pieces, (chunks) => {
  const whole = Buffer.concat(chunks);
  const lines = new Lines().take(whole);
  const complete = whole.toString('utf8').split('\n').slice(0, -1);
  expect(lines).toEqual(complete.filter((line) => line !== ''));
});

fuzz(
  'a line without an end does not grow without bound',
  fc.tuple(fc.nat(3 * LONGEST_LINE), fc.nat(3 * LONGEST_LINE), fc.string()),
  ([first, second, next]) => {
    const lines = new Lines();
    expect(lines.take(Buffer.alloc(first, 'x'))).toEqual([]);
    expect(lines.take(Buffer.alloc(second, 'x'))).toEqual([]);
    const [long = ''] = lines.take(Buffer.from('\n'));
    expect(long.length).toBe(Math.min(first + second, LONGEST_LINE));
    expect(lines.take(Buffer.from(`${next}\n`))).toEqual(next.split('\n').filter((line) => line !== ''));
  },
  { each: 100 },
);
