import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface Options {
  readonly seconds: number;
  /** Of every plan, and of what happens to the daemon. */
  readonly seed: number;
  /** Without Sidestep: what fails then is the torture itself. */
  readonly plain: boolean;
  /** Connections at once of each group: half of them one short connection after the other, half the rest. */
  readonly threads: number;
  /** One group for each place, and each habit once. */
  readonly brief: boolean;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
const SEEDS = 1_000_000_000;

/** Enough for every group to be busy all the time, where a host is as fast as it is. */
const THREADS = 6;
const MOST_THREADS = 64;

/** `--for 2m --seed 7 --plain --brief --threads 2`; without a seed it draws one. Throws `UsageError`. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      for: { type: 'string' },
      seed: { type: 'string' },
      plain: { type: 'boolean' },
      brief: { type: 'boolean' },
      threads: { type: 'string' },
    },
  });
  return {
    seconds: secondsOf('--for', values.for ?? '2m'),
    seed: values.seed === undefined ? randomInt(1, SEEDS) : seedOf(values.seed),
    plain: values.plain ?? false,
    brief: values.brief ?? false,
    threads: values.threads === undefined ? THREADS : threadsOf(values.threads),
  };
}

export function secondsOf(option: string, text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (!(seconds > 0)) throw new UsageError(`${option} takes a time such as 90s, 2m or 1h, not "${text}".`);
  return seconds;
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed >= SEEDS)
    throw new UsageError(`--seed takes a whole number below ${SEEDS}, not "${text}".`);
  return seed;
}

function threadsOf(text: string): number {
  const threads = Number(text);
  if (!/^\d+$/.test(text) || threads < 1 || threads > MOST_THREADS)
    throw new UsageError(`--threads takes a number from 1 to ${MOST_THREADS}, not "${text}".`);
  return threads;
}
