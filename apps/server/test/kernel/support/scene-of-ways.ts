import { join } from 'node:path';
import type { Settings } from '@sidestep/shared';
import { expect } from 'vitest';
import { VISITS, WATCHES, type Ways, waysOfKernel } from '../../../src/dataplane/ways.ts';
import { openScene, type Scene } from './scene.ts';

const MAIN = join(import.meta.dirname, 'main-of-way.ts');

/** With a daemon that goes these ways, and acceleration on; null where the kernel does not take them, which it must have said. */
export async function sceneOfWays(
  name: string,
  ways: Partial<Ways>,
  settings: Partial<Settings> = {},
): Promise<Scene | null> {
  await using opened = new AsyncDisposableStack();
  const scene = opened.use(
    await openScene(name, [], null, async (daemon) => {
      daemon.main = [MAIN, JSON.stringify(ways)];
    }),
  );
  if (!takes(ways)) {
    await expect(scene.daemon.enable()).rejects.toThrow('EPERM');
    return null;
  }
  await scene.daemon.enable(settings);
  opened.move();
  return scene;
}

/** Of two ways the kernel takes the second whenever it is asked to. */
function takes({ visit, watch }: Partial<Ways>): boolean {
  const kernel = waysOfKernel();
  return (visit !== VISITS[0] || kernel.visit === visit) && (watch !== WATCHES[0] || kernel.watch === watch);
}
