import { parseArgs } from 'node:util';
import { type Cpus, PLACES } from './cpus.ts';
import { VARIANTS, type Variant } from './variants.ts';

export const USAGE = `Usage: ./sidestep bench [options]

Measures, prints tables and which targets were reached, and writes results.json, results.md and charts into a folder.

  --out DIR            that folder (bench-results)
  --quick              a tenth of the time, for a first impression
  --cell NAME          measure only this; may be repeated
                       (CELLS)
  --sizes N,N          only messages or writes of so many bytes
  --nagle, --nodelay   only with Nagle's algorithm, only without
  --connections N,N    only so many connections at once (1,50)
  --cpus same|different  only both ends on one CPU, or only each on its own
  --variants NAME,NAME of TCP, textbook, Sidestep and UNIX only these
  --rounds N           rounds of each comparison (5)
  --seconds S          length of one measurement (0.25)
  --warm-up S          what goes before it and does not count (0.2)
  --help               this text

The options of all verbs (--state-dir, --listen, --cgroup, --pin-dir) are taken and change nothing: a measurement brings its own daemon.

Needs root. Keep the machine quiet meanwhile: whatever else runs is measured too.
`;

export type Nagle = 'on' | 'off';

/** What to measure, and how. */
export interface Options {
  /** All of them when empty. */
  readonly cells: readonly string[];
  /** Bytes; null is each cell's own choice. */
  readonly sizes: readonly number[] | null;
  readonly nagle: readonly Nagle[];
  readonly connections: readonly number[];
  readonly cpus: readonly Cpus[];
  readonly variants: readonly Variant[];
  readonly rounds: number;
  /** Of one measurement, and of what goes before it. */
  readonly seconds: number;
  readonly warmUp: number;
  /** Folder for what is written. */
  readonly out: string;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const STANDARD = { rounds: '5', seconds: '0.25', 'warm-up': '0.2' };
const QUICK = { rounds: '1', seconds: '0.1', 'warm-up': '0.15', sizes: '64,16384' };

/** Null when help was asked for. Throws `UsageError`. */
export function parseOptions(args: readonly string[], cells: readonly string[]): Options | null {
  const given = parse(args);
  if (given.help) return null;
  const values = { ...STANDARD, ...(given.quick && QUICK), ...given };
  return {
    cells: (values.cell ?? []).map((name) => oneOf('cell', name, cells)),
    sizes: values.sizes ? numbers('--sizes', values.sizes) : null,
    nagle: nagleOf(values),
    connections: numbers('--connections', values.connections ?? '1,50'),
    cpus: values.cpus ? words(values.cpus).map((place) => oneOf('place', place, PLACES)) : PLACES,
    variants: values.variants
      ? words(values.variants).map((name) => oneOf('variant', name, VARIANTS))
      : VARIANTS,
    rounds: positive('--rounds', values.rounds, Number.isInteger),
    seconds: positive('--seconds', values.seconds, Number.isFinite),
    warmUp: positive('--warm-up', values['warm-up'], Number.isFinite),
    out: values.out ?? 'bench-results',
  };
}

function parse(args: readonly string[]) {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        cell: { ...string, multiple: true },
        quick: boolean,
        sizes: string,
        nagle: boolean,
        nodelay: boolean,
        connections: string,
        cpus: string,
        variants: string,
        rounds: string,
        seconds: string,
        'warm-up': string,
        out: string,
        help: boolean,
        'state-dir': string,
        listen: string,
        cgroup: string,
        'pin-dir': string,
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Neither or both: with and without. */
function nagleOf({ nagle = false, nodelay = false }): Nagle[] {
  if (nagle === nodelay) return ['on', 'off'];
  return nagle ? ['on'] : ['off'];
}

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

function oneOf<Name extends string>(what: string, word: string, names: readonly Name[]): Name {
  const found = names.find((name) => name.toLowerCase() === word.toLowerCase());
  if (found === undefined)
    throw new UsageError(`There is no ${what} "${word}"; there are ${names.join(', ')}.`);
  return found;
}

function numbers(option: string, text: string): number[] {
  return words(text).map((word) => positive(option, word, Number.isInteger));
}

function positive(option: string, text: string, fits: (value: number) => boolean): number {
  const value = Number(text);
  if (!fits(value) || value <= 0) throw new UsageError(`${option} takes a number above 0, not "${text}".`);
  return value;
}
