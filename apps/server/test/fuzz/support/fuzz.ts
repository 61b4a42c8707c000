import fc from 'fast-check';
import { test } from 'vitest';

/** How many inputs each property gets, and the number that they are made from: `./sidestep test --fuzz RUNS --seed SEED` sets both. */
const RUNS = whole('SIDESTEP_FUZZ_RUNS') ?? 1000;
const SEED = whole('SIDESTEP_SEED') ?? Date.now() % 1e9;
/** A property that has not come to its end by then hangs. Far above what a million inputs take. */
const HANGS_MS = 60_000 + RUNS * 20;

if (RUNS > 1000) console.log(`${RUNS} inputs for each property, made from seed ${SEED}`);

/**
 * A test that something holds for every input. A failure shows the smallest input that was found, and the seed and path that make it
 * again. `each` is how many inputs one value stands for, or how many of the others it takes the time of.
 */
export function fuzz<Input>(
  words: string,
  inputs: fc.Arbitrary<Input>,
  holds: (input: Input) => void | Promise<void>,
  { each = 1 } = {},
): void {
  test(words, { timeout: HANGS_MS }, async () => {
    const property = fc.asyncProperty(inputs, async (input) => {
      await holds(input);
    });
    await fc.assert(property, { seed: SEED, numRuns: Math.ceil(RUNS / each) });
  });
}

function whole(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name} takes a whole number, not "${text}".`);
  return Number(text);
}
