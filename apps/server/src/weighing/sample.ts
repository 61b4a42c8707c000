import type { Path } from '@sidestep/shared';
import { type BulkConnection, keyOf, type Pair } from '../dataplane/dataplane.ts';
import type { Window } from './judge.ts';

/** The connections of one pair of programs at a moment. */
export interface Sample {
  readonly pair: Pair;
  /** Milliseconds on the steady clock. */
  readonly at: number;
  readonly connections: ReadonlyMap<string, BulkConnection>;
}

/** The same with what the processes have done for it. */
export interface Reading extends Sample {
  readonly pids: ReadonlySet<number>;
  /** For which these processes have run so far; null when one of them does not say. */
  readonly cpuMs: number | null;
}

/** By `nameOf` the pair. */
export function samplesOf(connections: readonly BulkConnection[], at: number): Map<string, Sample> {
  const byPair = Map.groupBy(connections, ({ pair }) => nameOf(pair));
  return new Map(
    [...byPair].map(([name, group]) => {
      const { pair } = group[0] as BulkConnection;
      return [
        name,
        { pair, at, connections: new Map(group.map((connection) => [connection.id, connection])) },
      ];
    }),
  );
}

/** Asks for each thread of the processes: only for the pair that is weighed. */
export function readingOf(sample: Sample, cpuTime: (pid: number) => number | null): Reading {
  const pids = new Set([...sample.connections.values()].flatMap((connection) => connection.pids));
  const times = [...pids].map(cpuTime);
  const cpuMs = times.includes(null) ? null : times.reduce<number>((sum, time) => sum + (time ?? 0), 0);
  return { ...sample, pids, cpuMs };
}

export function nameOf({ client, server, netns, port }: Pair): string {
  return [keyOf(client), keyOf(server), netns, port].join(' ');
}

/** What lies between two readings. Of connections that have closed or opened meanwhile nothing is known. */
export function windowOf(path: Path, before: Reading, after: Reading): Window {
  const samePids =
    before.pids.size === after.pids.size && [...before.pids].every((pid) => after.pids.has(pid));
  return {
    path,
    ms: after.at - before.at,
    bytes: grown(before, after, (then, now) => now.bytes - then.bytes),
    cpuMs: samePids && before.cpuMs !== null && after.cpuMs !== null ? after.cpuMs - before.cpuMs : null,
  };
}

/** What a pair has sent on the bypass. */
export interface Sent {
  readonly ms: number;
  readonly bytes: number;
  readonly messages: number;
  /** Of each connection those of the side that has sent fewer. */
  readonly answers: number;
}

/** What took the bypass between two samples. */
export function bypassedBetween(before: Sample, after: Sample): Sent {
  return {
    ms: after.at - before.at,
    bytes: grown(before, after, (then, now) => now.bypass.bytes - then.bypass.bytes),
    messages: grown(before, after, (then, now) => sentByEach(then, now).reduce((sum, one) => sum + one)),
    answers: grown(before, after, (then, now) => Math.min(...sentByEach(then, now))),
  };
}

/** Of most connections both rates are known, and the sum on the bypass is so many times that on the stack. */
export function runsAhead({ connections }: Sample, times: number): boolean {
  const measured = [...connections.values()].flatMap(({ rates }) => rates ?? []);
  const sum = (path: 'bypass' | 'stack') => measured.reduce((total, rates) => total + rates[path], 0);
  return 2 * measured.length > connections.size && sum('bypass') >= times * sum('stack');
}

function sentByEach(then: BulkConnection, now: BulkConnection): number[] {
  return now.bypass.messages.map((count, side) => count - (then.bypass.messages[side] ?? 0));
}

function grown(
  before: Sample,
  after: Sample,
  by: (then: BulkConnection, now: BulkConnection) => number,
): number {
  let sum = 0;
  for (const [id, connection] of after.connections) {
    const earlier = before.connections.get(id);
    if (earlier) sum += Math.max(0, by(earlier, connection));
  }
  return sum;
}
