import { parseArgs } from 'node:util';
import { secondsOf, UsageError } from '../torture/options.ts';

/** A load run, or a soak of so many seconds. */
export interface Options {
  readonly soak: number | null;
  /** Folder for load.json and load.md. */
  readonly out: string | null;
}

/** `--out DIR` or `--soak 10m`. Throws `UsageError`. */
export function parseOptions(args: readonly string[]): Options {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...args], options: { soak: string, out: string } });
  if (values.soak !== undefined && values.out !== undefined)
    throw new UsageError('--out goes with a load run, not with a soak.');
  return {
    soak: values.soak === undefined ? null : secondsOf('--soak', values.soak),
    out: values.out ?? null,
  };
}
