import { closeSync, openSync } from 'node:fs';
import { attachToMap, BPF_SK_MSG_VERDICT, BpfObject } from '@sidestep/libbpf';
import type { EnablingStep } from '@sidestep/shared';
import { Pins, unpin } from './pins.ts';
import { survey } from './survey.ts';

export interface LoadOptions {
  readonly objectPath: string;
  readonly cgroup: string;
  readonly pinDir: string;
  /** The first content of `struct ss_config`. */
  readonly config: Buffer;
  /** Names the layouts of records and configuration, for whoever takes over. */
  readonly layout: string;
  /** How many open connections the table has room for; null: as many as the programs say themselves. */
  readonly maxConnections: number | null;
  readonly onStep: (step: EnablingStep) => void;
}

/** Between two steps the event loop runs, so that whoever watches sees them. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Loads, attaches and pins, then looks for connections that are open already; when anything fails, nothing stays. The cgroup comes last and is pinned in the same breath: a daemon that
 * dies anywhere in here leaves nothing that runs.
 */
export async function load({
  objectPath,
  cgroup,
  pinDir,
  config,
  layout,
  maxConnections,
  onStep,
}: LoadOptions): Promise<Pins> {
  onStep('loading');
  await breathe();
  using resources = new DisposableStack();
  const object = resources.use(BpfObject.open(objectPath));
  object.map('.data.config').setInitialValue(config);
  if (maxConnections !== null) limitConnections(object, maxConnections);
  object.load();

  onStep('attaching');
  await breathe();
  attachToMap(object.program('sidestep_verdict').fd, object.map('socks').fd, BPF_SK_MSG_VERDICT);
  const iterate = (program: string) =>
    resources.use(object.program(program).attachIterator({ mapFd: object.map('flows').fd }));
  const trace = (program: string, tracepoint: string) =>
    resources.use(object.program(program).attachTracepoint('syscalls', tracepoint));
  const links = {
    tend: iterate('sidestep_tend'),
    look: iterate('sidestep_look'),
    arm: resources.use(object.program('sidestep_arm').attachIterator()),
    hold: iterate('sidestep_hold'),
    fionread: trace('sidestep_fionread', 'sys_enter_ioctl'),
    splice: trace('sidestep_splice', 'sys_enter_splice'),
  };
  const cgroupFd = openSync(cgroup, 'r');
  resources.defer(() => closeSync(cgroupFd));

  onStep('pinning');
  await breathe();
  try {
    Pins.pin(pinDir, object, links, layout);
    Pins.pinSockops(pinDir, resources.use(object.program('sidestep_sockops').attachCgroup(cgroupFd)));
    await survey(resources.use(object.program('sidestep_survey').attachIterator()));
    return Pins.open(pinDir);
  } catch (error) {
    unpin(pinDir);
    throw error;
  }
}

function limitConnections(object: BpfObject, most: number): void {
  const limit = Buffer.alloc(4);
  limit.writeUInt32LE(most);
  object.map('.rodata.limits').setInitialValue(limit);
  object.map('connections').setMaxEntries(most);
  object.map('free_slots').setMaxEntries(most);
  object.map('socks').setMaxEntries(2 * most);
}
