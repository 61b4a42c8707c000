import { closeSync, openSync } from 'node:fs';
import { attachToMap, BPF_SK_MSG_VERDICT, type BpfLink, BpfObject } from '@sidestep/libbpf';
import type { EnablingStep } from '@sidestep/shared';
import { breathe } from '../breathe.ts';
import { unpin } from './pin-folders.ts';
import type { EarlyLinks, Marks } from './pin-names.ts';
import { Pins } from './pins.ts';
import { survey } from './survey.ts';
import { attachVisitor, attachWatcher, leaveOutOtherWays, type Ways } from './ways.ts';

export interface LoadOptions {
  readonly objectPath: string;
  /** Where to pin. */
  readonly dir: string;
  /** The first content of `struct ss_config`. */
  readonly config: Buffer;
  /** Names the layouts and the build, for whoever takes over. */
  readonly marks: Marks;
  /** How many open connections the table has room for; null: as many as the programs say themselves. */
  readonly maxConnections: number | null;
  readonly ways: Ways;
}

/** Milliseconds. It takes a few dozen, and a microsecond for each socket. */
const LONGEST_SURVEY_MS = 1000;
/** Connections that may be about to be recognised, however small the table is: many of them are of other hosts. */
const LEAST_WAITING = 16_384;

/**
 * Loads, attaches and pins, then looks for connections that are open already; when anything fails, nothing stays. The cgroup comes last and is pinned in the same breath: a daemon that
 * dies anywhere in here leaves nothing that runs. A survey that does not come to an end stays pinned, for somebody to go on with it: any program can keep a socket locked.
 */
export async function load({
  cgroup,
  onStep,
  ...options
}: LoadOptions & { cgroup: string; onStep: (step: EnablingStep) => void }): Promise<Pins> {
  onStep('loading');
  // Here and below: whoever watches sees the step.
  await breathe();
  using resources = new DisposableStack();
  const object = resources.use(loadObject(options));

  onStep('attaching');
  await breathe();
  const links = attach(object, options.ways, resources);
  const cgroupFd = openSync(cgroup, 'r');
  resources.defer(() => closeSync(cgroupFd));

  onStep('pinning');
  await breathe();
  try {
    Pins.pin(options.dir, object, links, options.marks);
    // Whoever takes over from a daemon that dies in the middle of it goes on with it.
    const surveying = resources.use(attachSurvey(object));
    Pins.pinSurvey(options.dir, surveying);
    const sockops = resources.use(object.program('sidestep_sockops').attachCgroup(cgroupFd));
    Pins.pinSockops(options.dir, sockops);
    const isDone = await survey(surveying, AbortSignal.timeout(LONGEST_SURVEY_MS));
    const pins = Pins.open(options.dir);
    if (isDone) pins.unpinSurvey();
    return pins;
  } catch (error) {
    unpin(options.dir);
    throw error;
  }
}

/** Loads and pins all but the cgroup's link, which another generation has. */
export function loadBeside(options: LoadOptions): Pins {
  using resources = new DisposableStack();
  const object = resources.use(loadObject(options));
  try {
    Pins.pin(options.dir, object, attach(object, options.ways, resources), options.marks);
    Pins.pinSurvey(options.dir, resources.use(attachSurvey(object)));
    return Pins.open(options.dir);
  } catch (error) {
    unpin(options.dir);
    throw error;
  }
}

/**
 * Puts other programs in the place of those that are pinned, one after the other, each without a moment in which none is attached. They
 * work on the same maps. Whoever dies in between leaves a mixture that works, and the old build's mark, so that the next one does it again.
 */
export function replacePrograms(pins: Pins, { objectPath, ways, dir, marks }: LoadOptions): Pins {
  using resources = new DisposableStack();
  const object = resources.use(BpfObject.open(objectPath));
  leaveOutOtherWays(object, ways);
  limitConnections(object, pins.maps.connections.info().maxEntries);
  pins.reuse(object);
  object.load();
  const links = attach(object, ways, resources);
  pins.sockops?.update(object.program('sidestep_sockops'));
  Pins.repin(dir, object, links, marks);
  return Pins.open(dir);
}

function loadObject({ objectPath, ways, config, maxConnections }: LoadOptions): BpfObject {
  using resources = new DisposableStack();
  const object = resources.use(BpfObject.open(objectPath));
  leaveOutOtherWays(object, ways);
  object.map('.data.config').setInitialValue(config);
  if (maxConnections !== null) makeRoom(object, maxConnections);
  object.load();
  resources.move();
  return object;
}

function makeRoom(object: BpfObject, connections: number): void {
  limitConnections(object, connections);
  object.map('connections').setMaxEntries(connections);
  object.map('free_slots').setMaxEntries(connections);
  object.map('socks').setMaxEntries(2 * connections);
  const waiting = Math.max(connections, LEAST_WAITING);
  for (const map of ['syns', 'pending'] as const) object.map(map).setMaxEntries(waiting);
}

function limitConnections(object: BpfObject, most: number): void {
  const limit = Buffer.alloc(4);
  limit.writeUInt32LE(most);
  object.map('.rodata.limits').setInitialValue(limit);
}

/** Replaces the verdict that a map of sockets may have: those that are enrolled keep it. */
function attach(object: BpfObject, ways: Ways, resources: DisposableStack): EarlyLinks {
  attachToMap(object.program('sidestep_verdict').fd, object.map('socks').fd, BPF_SK_MSG_VERDICT);
  return {
    tend: resources.use(attachVisitor(object, 'tend', ways.visit)),
    look: resources.use(object.program('sidestep_look').attachIterator()),
    arm: resources.use(object.program('sidestep_arm').attachIterator()),
    hold: resources.use(attachVisitor(object, 'hold', ways.visit)),
    fionread: resources.use(attachWatcher(object, 'fionread', ways.watch)),
    splice: resources.use(attachWatcher(object, 'splice', ways.watch)),
  };
}

function attachSurvey(object: BpfObject): BpfLink {
  return object.program('sidestep_survey').attachIterator();
}
