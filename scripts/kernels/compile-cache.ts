import { join } from 'node:path';
import { collect, root, tool } from '../stages/command.ts';

/** Commands that load what runs in the guest, and do nothing. */
const LOADS = [
  [process.execPath, 'apps/server/src/main.ts', '--help'],
  [process.execPath, 'apps/cli/src/main.ts', '--help'],
  [process.execPath, 'apps/server/test/torture/main.ts', '--for', 'nothing'],
  [tool('vitest'), 'list', '--config', 'scripts/kernels/guest/vitest.config.ts'],
] as const;

/** Where Node finds what it has compiled here, so that it need not in the emulator: that would take it longer than all the rest. */
export const COMPILE_CACHE = join(root, '.sidestep/kernels/compile-cache');

export async function fillCompileCache(): Promise<void> {
  for (const [command, ...args] of LOADS)
    await collect('env', [`NODE_COMPILE_CACHE=${COMPILE_CACHE}`, command, ...args], root);
}
