import { parseArgs } from 'node:util';

export const USAGE = `Usage: ./sidestep bench [options]

  --cell NAME     measure only this; may be repeated (request-response, idle-daemon)
  --rounds N      rounds of each comparison (9)
  --seconds S     length of one measurement (2)
  --json FILE     also write everything, every single measurement included, to a file
  --help          this text

The options of all verbs (--state-dir, --listen, --cgroup, --pin-dir) are taken and change nothing: a measurement brings its own daemon.

Needs root. Keep the machine quiet meanwhile: whatever else runs is measured too.
`;

export interface Options {
  /** All of them when empty. */
  readonly cells: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly json: string | null;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Null when help was asked for. Throws `UsageError`. */
export function parseOptions(args: readonly string[], cells: readonly string[]): Options | null {
  const values = parse(args);
  if (values.help) return null;
  const unknown = values.cell?.find((name) => !cells.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`There is no cell "${unknown}"; there are ${cells.join(', ')}.`);
  return {
    cells: values.cell ?? [],
    rounds: positive('--rounds', values.rounds ?? '9', Number.isInteger),
    seconds: positive('--seconds', values.seconds ?? '2', Number.isFinite),
    json: values.json ?? null,
  };
}

function parse(args: readonly string[]) {
  const string = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        cell: { ...string, multiple: true },
        rounds: string,
        seconds: string,
        json: string,
        help: { type: 'boolean' },
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

function positive(option: string, text: string, fits: (value: number) => boolean): number {
  const value = Number(text);
  if (!fits(value) || value <= 0) throw new UsageError(`${option} takes a number above 0, not "${text}".`);
  return value;
}
