import type { Bed } from '../bed.ts';
import type { CellResult, Labels, Measurement, OnStep, Plan } from '../cell.ts';
import type { Options } from '../options.ts';
import { planOf } from '../rounds.ts';
import type { Cgroup } from '../sandbox/cgroup.ts';
import { Process } from '../sandbox/process.ts';
import { OVER_IP, type Variant } from '../variants.ts';
import { within } from '../within.ts';

/** Beyond what a client should take, until it counts as hung. */
const PATIENCE_SECONDS = 15;

export interface ProgramOptions<Server> {
  readonly about: Omit<CellResult, 'points'>;
  /** Each variant has a server of its own in its cgroup, which serves all points of the cell. */
  start(cgroup: Cgroup): Promise<Server>;
  readonly points: readonly {
    readonly labels: Labels;
    /** The client's command line, which ends by itself. */
    command(server: Server): string[];
    /** What the client's output comes to. Throws when that does not say. */
    read(output: string): Pick<Measurement, 'value' | 'details'>;
  }[];
  /** How long one run of a client should take. */
  readonly secondsEach: number;
}

/** Compares a real client and a real server, each pair in the cgroup of a variant. */
export function programPlan<Server extends AsyncDisposable>(
  { about, start, points, secondsEach }: ProgramOptions<Server>,
  { rounds, variants }: Options,
): Plan | null {
  const servers = new Map<Variant, Server>();
  const chosen = variants.filter((variant) => OVER_IP.includes(variant));
  const plan = planOf(
    about,
    points.map(({ labels, command, read }) => ({
      labels,
      variants: chosen,
      measure: async (bed, variant) => {
        const words = command(servers.get(variant) as Server);
        const run = () => outputOf(words, bed.cgroupOf(variant), secondsEach + PATIENCE_SECONDS);
        if (variant !== 'Sidestep') return { ...read(await run()), trouble: null };
        const { result, bytes } = await bed.counted(run);
        const { value, details } = read(result);
        const bypassed = (bytes.bypass / (bytes.bypass + bytes.stack)) * 100;
        return { value, details: { ...details, 'bypassed in %': bypassed }, trouble: null };
      },
    })),
    { rounds, secondsEach },
  );
  if (!plan) return null;
  return {
    seconds: plan.seconds,
    run: async (bed: Bed, onStep: OnStep) => {
      await using stack = new AsyncDisposableStack();
      for (const variant of chosen) servers.set(variant, stack.use(await start(bed.cgroupOf(variant))));
      return await plan.run(bed, onStep);
    },
  };
}

async function outputOf(command: readonly string[], cgroup: Cgroup, seconds: number): Promise<string> {
  await using client = new Process(command, { cgroup: cgroup.path });
  client.endInput();
  return await within(seconds, client, client.result());
}

/** The number that the expression's first group finds. Throws when there is none. */
export function numberIn(output: string, expression: RegExp): number {
  const found = expression.exec(output)?.[1];
  if (found === undefined) throw new Error(`No figure in what it said: ${output}`);
  return Number(found);
}
