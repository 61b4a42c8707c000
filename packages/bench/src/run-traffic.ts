import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bed } from './bed.ts';
import { introduce } from './introduce.ts';
import { Traffic, type TrafficOptions, type TrafficProgram, type TrafficResult } from './traffic.ts';
import type { Variant } from './variants.ts';
import { within } from './within.ts';

/** The name of that detail. */
export const BYPASSED = 'bypassed in %';

/** Beyond what a program should take, until it counts as hung. */
const PATIENCE_SECONDS = 6;

/** The share of what was sent that took the bypass, as a detail of a measurement; only Sidestep has one. */
export function bypassedShare(variant: Variant, bypassed: number, sent: number): Record<string, number> {
  return variant === 'Sidestep' ? { [BYPASSED]: (bypassed / sent) * 100 } : {};
}

export interface TrafficRun<P extends TrafficProgram> {
  readonly result: TrafficResult<P>;
  /** Of the bytes that were sent, those that took the bypass; only Sidestep counts them. */
  readonly bypassedBytes: number;
}

/** Runs a traffic program the way of the variant, at a loopback address unless the options have another. Throws when it hangs, and when a byte was wrong, lost, or refused. */
export async function runTraffic<P extends 'flood' | 'stream' | 'exchange' | 'shorts'>(
  bed: Bed,
  variant: Variant,
  program: P,
  options: TrafficOptions,
  seconds: number,
): Promise<TrafficRun<P>> {
  const address =
    variant === 'UNIX' ? `unix:${join(tmpdir(), `sidestep-bench-${process.pid}`)}` : '127.0.0.1:0';
  const run = () => resultOf(program, { address, ...options }, bed.cgroupOf(variant).path, seconds);
  if (variant !== 'Sidestep') return { result: await run(), bypassedBytes: 0 };
  await introduce(bed, program);
  const { result, bytes } = await bed.counted(run);
  return { result, bypassedBytes: bytes.bypass };
}

async function resultOf<P extends 'flood' | 'stream' | 'exchange' | 'shorts'>(
  program: P,
  options: TrafficOptions,
  cgroup: string,
  seconds: number,
): Promise<TrafficResult<P>> {
  await using traffic = new Traffic(program, options, { cgroup });
  const result = await within(seconds + PATIENCE_SECONDS, traffic.process, traffic.result());
  if ((await traffic.process.status()) !== 0) throw new Error(troubleOf(result));
  return result;
}

/** Of a program that ended with an error: what was not right. */
function troubleOf(result: {
  readonly wrong: number;
  readonly errors: number;
  readonly error: string;
}): string {
  if (result.wrong) return `${result.wrong} wrong bytes`;
  if (result.errors) return `${result.errors} errors, the last one: ${result.error}`;
  return 'did not come to its end in time';
}
