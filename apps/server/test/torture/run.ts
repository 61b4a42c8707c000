import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cgroup, trafficPath } from '@sidestep/bench';
import { attachedTo, heldBy, untilGone } from '../kernel/support/kernel-objects.ts';
import { openScene, type Scene } from '../kernel/support/scene.ts';
import { Dice } from './dice.ts';
import { Disturber } from './disturber.ts';
import { Group, type Result } from './group.ts';
import { historyOf } from './history.ts';
import type { Options } from './options.ts';
import { HABITS, type Habit, openPlaces, type Place, PORTS } from './places.ts';
import { socketsOf } from './sockets.ts';
import { Tally } from './tally.ts';

const LOOK_MS = 200;

/** Which habits the programs of a place have. */
const GROUPS: Readonly<Record<string, readonly Habit[]>> = {
  ipv4: ['steady', 'ask', 'splice', 'kill'],
  ipv6: ['steady', 'kill'],
  mapped: ['steady'],
  across4: ['steady', 'ask', 'kill'],
  across6: ['steady', 'splice'],
  nat: ['steady'],
};
/** For a machine that is too slow for as many. */
const BRIEF: typeof GROUPS = {
  ipv4: ['steady'],
  ipv6: ['kill'],
  mapped: ['steady'],
  across4: ['ask'],
  across6: ['splice'],
  nat: ['steady'],
};

export interface Outcome {
  readonly seconds: number;
  readonly results: readonly { readonly group: Group; readonly result: Result }[];
  readonly tally: Tally;
  /** Null in a plain run. */
  readonly disturbances: Disturber['done'] | null;
  /** Whatever was wrong, in full; empty when nothing was. */
  readonly failures: readonly string[];
}

/** One torture run, with everything that it needs, which is gone afterwards. */
export async function torture(options: Options, interrupted: AbortSignal): Promise<Outcome> {
  await using opened = new AsyncDisposableStack();
  const scene = options.plain ? null : opened.use(await openScene('torture'));
  const cgroup = scene?.cgroup ?? opened.use(new Cgroup('torture'));
  const tally = new Tally();
  const disturber = scene && new Disturber(scene.daemon, new Dice(options.seed), tally);
  const places = await openPlaces(opened);
  const start = performance.now();
  const disturbing = disturber?.run().then(() => undefined, messageOf);
  const groups = startGroups(opened, options, places, cgroup.path, copies(opened));

  const failures: string[] = [];
  let trouble: string | undefined;
  disturbing?.then((message) => {
    trouble = message;
  });
  while (groups.some(({ running }) => running) && !trouble) {
    if (interrupted.aborted) {
      failures.push('Interrupted.');
      break;
    }
    const failed = groups.find(({ failedPort }) => failedPort !== null);
    if (failed) {
      disturber?.stop();
      failures.push(await describe(failed, scene));
      break;
    }
    await sleep(LOOK_MS);
  }
  const results = failures.length > 0 || trouble ? [] : await resultsOf(groups, failures);
  disturber?.stop();
  trouble = await disturbing;
  if (trouble) failures.push(trouble);
  if (scene && disturber && failures.length === 0) failures.push(...(await leftovers(scene, disturber)));
  const seconds = (performance.now() - start) / 1000;
  return { seconds, results, tally, disturbances: disturber?.done ?? null, failures };
}

/** An executable for each habit: Sidestep knows by the executable who splices and who asks FIONREAD. */
function copies(opened: AsyncDisposableStack): Readonly<Record<Habit, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'sidestep-torture-'));
  opened.defer(() => rmSync(folder, { recursive: true }));
  const copyFor = (habit: Habit) => {
    const copy = join(folder, habit);
    copyFileSync(trafficPath('torture'), copy);
    return [habit, copy];
  };
  return Object.fromEntries(HABITS.map(copyFor));
}

function startGroups(
  opened: AsyncDisposableStack,
  { seed, seconds, threads, brief }: Options,
  places: Record<string, Place>,
  cgroup: string,
  executables: Readonly<Record<Habit, string>>,
): Group[] {
  const chosen = Object.entries(brief ? BRIEF : GROUPS).flatMap(([name, habits]) =>
    habits.map((habit) => ({ place: places[name] as Place, habit })),
  );
  return chosen.map(({ place, habit }, i) =>
    opened.use(
      new Group(place, habit, {
        port: PORTS[i] as number,
        // The program takes 0 for none.
        seed: seed * chosen.length + i + 1,
        seconds,
        threads,
        cgroup,
        executable: executables[habit],
      }),
    ),
  );
}

async function resultsOf(groups: readonly Group[], failures: string[]): Promise<Outcome['results']> {
  const results: { group: Group; result: Result }[] = [];
  for (const group of groups) {
    try {
      const result = await group.result();
      results.push({ group, result });
      if (!result.right)
        failures.push(`${group.name}: ${result.failure || group.errors || 'it did not come to its end'}`);
    } catch (error) {
      failures.push(`${group.name}: ${messageOf(error)}`);
    }
  }
  return results;
}

/** The plan and the state of the connection that failed, and what the daemon knows of it. */
async function describe(group: Group, scene: Scene | null): Promise<string> {
  const port = group.failedPort ?? 0;
  const sockets = await socketsOf(group, port);
  const history = scene ? await historyOf(scene.daemon, port) : 'Sidestep was not there.';
  group.release();
  const { failure } = await group.result();
  return `${group.name}: ${failure}\n${history}\n${sockets}\n  ${group.command}`;
}

/** What is still there of Sidestep after the last switch-off. */
async function leftovers({ daemon, cgroup }: Scene, disturber: Disturber): Promise<string[]> {
  try {
    const objects = heldBy(daemon.process.pid);
    await disturber.end();
    await untilGone(objects);
    const attached = await attachedTo(cgroup.path);
    if (attached) return [`After switching off, this is still attached:\n${attached}`];
    return existsSync(daemon.pinDir) ? [`After switching off, ${daemon.pinDir} is still there.`] : [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function messageOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause ? `${message} ${messageOf(cause)}` : message;
}
