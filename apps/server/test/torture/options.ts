import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface Options {
  readonly seconds: number;
  /** Of every plan, and of what happens to the daemon. */
  readonly seed: number;
  /** Without Sidestep: what fails then is the torture itself. */
  readonly plain: boolean;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
const SEEDS = 1_000_000_000;

/** `--for 2m --seed 7 --plain`; without a seed it draws one. Throws `UsageError`. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { for: { type: 'string' }, seed: { type: 'string' }, plain: { type: 'boolean' } },
  });
  return {
    seconds: secondsOf('--for', values.for ?? '2m'),
    seed: values.seed === undefined ? randomInt(1, SEEDS) : seedOf(values.seed),
    plain: values.plain ?? false,
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
