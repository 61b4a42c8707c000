import fc from 'fast-check';

const WORD = 8;
const BITS = 2 ** 32;

/**
 * Any bytes, made from one number: `fc.uint8Array` makes them one by one, and takes a hundred times as long. A failure shrinks to the
 * fewest bytes that are not zero.
 */
export function anyBytes(minLength: number, maxLength = minLength): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.integer({ min: minLength, max: maxLength }), fc.nat(BITS - 1), fc.nat(64))
    .map(([length, seed, blank]) => {
      // Mostly to the end; now and then only the first words, so that what comes behind is all zero.
      const filled = blank === 0 ? 0 : blank < 16 ? Math.min(length, blank * WORD) : length;
      return made(length, filled, seed);
    });
}

/** Of every eight bytes, half of the time any, otherwise one of the numbers at which things break. */
function made(length: number, filled: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / WORD) * 2);
  let state = seed || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let at = 0; at < filled / 4; at += 2) {
    const [low, high, kind] = [next(), next(), next() >>> 28];
    words[at] = kind < 8 ? low : (LOW[kind - 8] ?? low % 256);
    words[at + 1] = kind < 8 ? high : (HIGH[kind - 8] ?? 0);
  }
  return Buffer.from(words.buffer, 0, length);
}

/** 0, 1, the largest of 32, 63, 64 and 53 bits; what is undefined is a small number. */
const LOW = [0, 1, BITS - 1, BITS - 1, BITS - 1, BITS - 1, undefined, undefined];
const HIGH = [0, 0, 0, BITS / 2 - 1, BITS - 1, 2 ** 21 - 1, 0, undefined];
