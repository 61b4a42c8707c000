import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CAPACITY } from '../../src/events/journal.ts';
import { heldBy } from '../kernel/support/kernel-objects.ts';
import { openScene, type Scene } from '../kernel/support/scene.ts';
import type { TestDaemon } from '../kernel/support/test-daemon.ts';
import { questionsIn } from './answers.ts';
import { descriptorsOf, residentOf } from './daemon-watch.ts';
import { type Growth, growthOf, type Sample } from './growth.ts';
import { allowInspection, Heap } from './heap.ts';
import { PageClient } from './page-client.ts';
import { Crowd, Flood } from './traffic.ts';

/** Before anything is counted, its code is compiled, and the events that the daemon keeps have filled their room. */
const WARM_UP_SECONDS = 30;
const WARM_UP_EVENTS = CAPACITY;
const CROWD = 300;
/** One round: connections that come and go, connections that stay for a while, and acceleration off and on again. */
const FLOOD_SECONDS = 2;
/** Of those that send several times more are followed, and so more events are reported. */
const FLOOD_TURNS = 4;
const CROWD_SECONDS = 2;
const MEGABYTE = 1e6;
/** Less than a hundred bytes of each event in the shortest soak that is worth its name, a minute. */
const MOST_GROWTH_IN_USE = 3 * MEGABYTE;

interface Subject {
  readonly daemon: TestDaemon;
  readonly heap: Heap;
}

/** What is watched, and the growth that is none: a share of what there was, or so much, whichever is more. */
const WATCHED = {
  'resident memory': { of: ({ daemon }) => residentOf(daemon.process.pid), share: 0.1, least: 20 * MEGABYTE },
  'memory in use': { of: ({ heap }) => heap.held(), share: 0, least: MOST_GROWTH_IN_USE },
  'open files': { of: ({ daemon }) => descriptorsOf(daemon.process.pid), share: 0, least: 2 },
  'kernel objects': {
    of: ({ daemon }) => Object.values(heldBy(daemon.process.pid)).reduce((sum, { size }) => sum + size, 0),
    share: 0,
    least: 0.5,
  },
  // SQLite lets its log of changes grow to 4 MB before it writes them down.
  'state folder': { of: ({ daemon }) => sizeOf(daemon.stateDir), share: 0.1, least: 5 * MEGABYTE },
} as const satisfies Record<
  string,
  { of: (subject: Subject) => number | Promise<number>; share: number; least: number }
>;

type Watched = keyof typeof WATCHED;
const NAMES = Object.keys(WATCHED) as Watched[];

export interface Soaked {
  readonly rounds: number;
  readonly connections: number;
  readonly growth: Readonly<Record<Watched, Growth>>;
  readonly failures: readonly string[];
}

/** Keeps a daemon busy for so long, and looks at what it takes after each round. */
export async function soak(seconds: number): Promise<Soaked> {
  await using scene = await openScene('soak', [], null, async (daemon) => allowInspection(daemon));
  using heap = await Heap.open(scene.daemon);
  await scene.daemon.enable();
  await using page = await PageClient.open(scene.daemon);
  const failures: string[] = [];
  const samples = Object.fromEntries(NAMES.map((name) => [name, []])) as unknown as Record<Watched, Sample[]>;
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let [rounds, connections] = [0, 0];
  let end = Number.POSITIVE_INFINITY;
  for (; elapsed() < end && failures.length === 0; rounds++) {
    const round = await roundOf(scene);
    connections += round.connections;
    failures.push(...round.failures);
    const report = await page.report();
    if (report.failed) failures.push(`The page was answered "${report.failed}".`);
    if (questionsIn(report) === 0) failures.push('No question of the page came to an end.');
    const at = elapsed();
    if (end === Number.POSITIVE_INFINITY) {
      if (at > WARM_UP_SECONDS && (await newestOf(scene)) > WARM_UP_EVENTS) end = at + seconds;
      continue;
    }
    for (const name of NAMES)
      samples[name].push({ at, value: await WATCHED[name].of({ daemon: scene.daemon, heap }) });
  }
  const growth = Object.fromEntries(NAMES.map((name) => [name, growthOf(samples[name])])) as Soaked['growth'];
  for (const name of NAMES) failures.push(...failuresOf(name, growth[name]));
  return { rounds, connections, growth, failures };
}

/** The number of the newest event. */
async function newestOf({ daemon }: Scene): Promise<number> {
  return (await daemon.api.events.list.query({ limit: 1 })).events[0]?.seq ?? 0;
}

async function roundOf({ daemon, cgroup }: Scene): Promise<{ connections: number; failures: string[] }> {
  await using flood = new Flood(cgroup.path, 1, FLOOD_TURNS);
  await sleep(FLOOD_SECONDS * 1000);
  const flooded = await flood.close();
  await using crowd = new Crowd(cgroup.path, CROWD);
  const opened = await crowd.open(daemon);
  await sleep(CROWD_SECONDS * 1000);
  const { failures } = await crowd.close();
  await daemon.api.acceleration.disable.mutate();
  await daemon.api.acceleration.enable.mutate();
  return { connections: flooded.connections + opened, failures: [...flooded.failures, ...failures] };
}

function failuresOf(name: Watched, { first, grown }: Growth): string[] {
  const { share, least } = WATCHED[name];
  if (grown <= Math.max(share * first, least)) return [];
  return [
    `The ${name} grew by ${amount(name, grown)} from ${amount(name, first)}: something is not given back.`,
  ];
}

/** In the unit of what is watched. */
export function amount(name: Watched, value: number): string {
  return name === 'open files' || name === 'kernel objects'
    ? value.toFixed(1)
    : `${(value / MEGABYTE).toFixed(1)} MB`;
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}
