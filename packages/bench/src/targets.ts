import type { CellResult, PointResult } from './cell.ts';
import { wordsOf } from './groups.ts';
import { bestOf, detailOf, ratioOf, type Spread } from './statistics.ts';
import type { Variant } from './variants.ts';

/** What the project wants Sidestep to reach, as the median of the ratios within the rounds, at every point that it is about. */
export interface Target {
  readonly words: string;
  readonly least: number;
  readonly cells: readonly string[];
  readonly only?: (point: PointResult) => boolean;
  /**
   * The better one of them by its median, which is the same in all rounds: the better one of each round would be the luckier one.
   */
  readonly against: readonly Variant[];
  /** A detail of which less is better, to be compared instead of the value; the ratio is turned over. */
  readonly cost?: string;
}

const BETTER_FIXED = ['TCP', 'textbook'] as const;

export const TARGETS: readonly Target[] = [
  {
    words: 'Request/response: 1.5 × plain TCP',
    least: 1.5,
    cells: ['request-response'],
    against: ['TCP'],
  },
  {
    words: 'Request/response: 0.97 × the textbook redirect',
    least: 0.97,
    cells: ['request-response'],
    against: ['textbook'],
  },
  {
    words: 'Request/response: 0.95 × a UNIX socket',
    least: 0.95,
    cells: ['request-response'],
    against: ['UNIX'],
  },
  {
    words: 'Streams: 0.95 × the better of plain TCP and the textbook redirect',
    least: 0.95,
    cells: ['streams', 'two-way-streams', 'pipelines', 'shared-sockets'],
    against: BETTER_FIXED,
  },
  {
    words: 'Alternating patterns: 0.95 × the better of plain TCP and the textbook redirect',
    least: 0.95,
    cells: ['alternating'],
    against: BETTER_FIXED,
  },
  {
    words: 'redis-benchmark with 50 clients: 1.35 × plain TCP',
    least: 1.35,
    cells: ['redis'],
    only: ({ labels }) => labels.clients === 50,
    against: ['TCP'],
  },
  {
    words: 'Real programs: 0.97 × plain TCP',
    least: 0.97,
    cells: ['redis', 'pgbench', 'nginx'],
    against: ['TCP'],
  },
  {
    words: 'Connect and close: 0.97 × plain TCP',
    least: 0.97,
    cells: ['short-connections'],
    against: ['TCP'],
  },
  {
    words: 'Peers that are not covered: 0.97 × plain TCP',
    least: 0.97,
    cells: ['uncovered-peer'],
    against: ['TCP'],
  },
  {
    words: 'Chooser: a message of 64 B costs at most 5 % more CPU than with the textbook redirect',
    least: 1 / 1.05,
    cells: ['request-response'],
    only: ({ labels }) => labels.message === '64 B' && labels.CPUs === 'same',
    against: ['textbook'],
    cost: 'CPU in µs',
  },
];

export interface Verdict {
  readonly words: string;
  readonly least: number;
  readonly reached: boolean;
  /** Points that reached it, in all of whose rounds Sidestep went well, and all that were measured. */
  readonly points: { readonly reached: number; readonly all: number };
  /** The point that is furthest from it: one at which Sidestep went wrong, if there is one. Its ratio is null when nothing there went well. */
  readonly worst: {
    readonly where: string;
    readonly ratio: Spread | null;
    /** Rounds in which Sidestep went wrong, of all. */
    readonly wrong: number;
    readonly rounds: number;
  };
}

/** Targets of which no point was measured have no verdict. */
export function verdictsOf(results: readonly CellResult[], targets: readonly Target[] = TARGETS): Verdict[] {
  return targets.flatMap((target) => {
    const figures = results
      .filter(({ name }) => target.cells.includes(name))
      .flatMap(({ title, points }) =>
        points
          .filter((point) => concerns(target, point))
          .map((point) => ({
            where: `${title}, ${wordsOf(point.labels)}`,
            ratio: ratioFor(target, point),
            ...wrongAt(point),
          })),
      )
      .sort((a, b) => b.wrong - a.wrong || (a.ratio?.median ?? 0) - (b.ratio?.median ?? 0));
    const [worst] = figures;
    if (!worst) return [];
    const { words, least } = target;
    const reached = figures.filter(
      ({ ratio, wrong }) => ratio && wrong === 0 && ratio.median >= least,
    ).length;
    return {
      words,
      least,
      reached: reached === figures.length,
      points: { reached, all: figures.length },
      worst,
    };
  });
}

/** Variants that were not chosen leave nothing to judge; one that went wrong does. */
function concerns({ only, against }: Target, point: PointResult): boolean {
  const measured = (variant: Variant) => point.measured[variant] !== undefined;
  return (!only || only(point)) && measured('Sidestep') && against.every(measured);
}

/** A ratio is over the rounds that went well: what is fast as often as it works has reached nothing. */
function wrongAt({ measured }: PointResult): { wrong: number; rounds: number } {
  const own = measured.Sidestep ?? [];
  return { wrong: own.filter(({ trouble }) => trouble !== null).length, rounds: own.length };
}

function ratioFor({ against, cost }: Target, point: PointResult): Spread | null {
  const other = bestOf(point, against);
  if (!other) return null;
  return cost ? ratioOf(point, other, 'Sidestep', detailOf(cost)) : ratioOf(point, 'Sidestep', other);
}
