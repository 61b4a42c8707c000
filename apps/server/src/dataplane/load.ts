import { closeSync, openSync } from 'node:fs';
import { attachToMap, BPF_SK_MSG_VERDICT, BpfObject } from '@sidestep/libbpf';
import type { EnablingStep } from '@sidestep/shared';
import { Pins, unpin } from './pins.ts';

export interface LoadOptions {
  readonly objectPath: string;
  readonly cgroup: string;
  readonly pinDir: string;
  /** The first content of `struct ss_config`. */
  readonly config: Buffer;
  readonly onStep: (step: EnablingStep) => void;
}

/** Between two steps the event loop runs, so that whoever watches sees them. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Loads, attaches and pins; when anything fails, nothing stays. */
export async function load({ objectPath, cgroup, pinDir, config, onStep }: LoadOptions): Promise<Pins> {
  onStep('loading');
  await breathe();
  using resources = new DisposableStack();
  const object = resources.use(BpfObject.open(objectPath));
  object.map('.data.config').setInitialValue(config);
  object.load();

  onStep('attaching');
  await breathe();
  attachToMap(object.program('sidestep_verdict').fd, object.map('socks').fd, BPF_SK_MSG_VERDICT);
  const tend = resources.use(
    object.program('sidestep_tend').attachIterator({ mapFd: object.map('flows').fd }),
  );
  const list = resources.use(
    object.program('sidestep_list').attachIterator({ mapFd: object.map('flows').fd }),
  );
  const fionread = resources.use(
    object.program('sidestep_fionread').attachTracepoint('syscalls', 'sys_enter_ioctl'),
  );
  const cgroupFd = openSync(cgroup, 'r');
  resources.defer(() => closeSync(cgroupFd));
  const sockops = resources.use(object.program('sidestep_sockops').attachCgroup(cgroupFd));

  onStep('pinning');
  await breathe();
  try {
    Pins.pin(pinDir, object, { tend, list, fionread, sockops });
    return Pins.open(pinDir);
  } catch (error) {
    unpin(pinDir);
    throw error;
  }
}
