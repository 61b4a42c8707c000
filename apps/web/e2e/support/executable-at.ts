import { statSync } from 'node:fs';
import type { Executable } from '../../../server/src/dataplane/dataplane.ts';
import { kernelDevice } from '../../../server/src/splicers/kernel-device.ts';

/** The file at a path as the kernel knows it, but for its version, which nobody compares here. */
export function executableAt(path: string): Executable {
  const { dev, ino } = statSync(path, { bigint: true });
  return { device: kernelDevice(dev), inode: ino, version: 1n };
}
