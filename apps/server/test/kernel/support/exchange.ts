import { Traffic, type TrafficOptions } from '@sidestep/bench';
import { expect } from 'vitest';
import type { Scene } from './scene.ts';

/** A conversation with one server, in a cgroup that is accelerated. */
export function exchange({ cgroup }: Scene, options: TrafficOptions): Traffic<'exchange'> {
  return new Traffic('exchange', options, { cgroup: cgroup.path });
}

/** Ends it: not a byte was lost. */
export async function endsWell(traffic: Traffic<'exchange'>): Promise<void> {
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
}
