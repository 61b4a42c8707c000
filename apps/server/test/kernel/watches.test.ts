import { join } from 'node:path';
import { Traffic } from '@sidestep/bench';
import { takesTracing } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { WATCHERS, WATCHES } from '../../src/dataplane/ways.ts';
import { openScene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

const MAIN = join(import.meta.dirname, 'support/main-of-way.ts');

const takesFunctions = Object.values(WATCHERS).every(({ kernelFunction }) =>
  takesTracing('function', kernelFunction),
);

test.for(WATCHES)(
  'a program that splices is recognised %s, and so is one that asks FIONREAD',
  async (way) => {
    await using scene = await openScene('watches', [], null, async (daemon) => {
      daemon.main = [MAIN, JSON.stringify({ watch: way })];
    });
    const { daemon, cgroup } = scene;
    if (way === 'at functions' && !takesFunctions) {
      await expect(daemon.enable()).rejects.toThrow('EPERM');
      return;
    }
    await daemon.enable();
    await using splicer = new Traffic('splicer', { turns: 1_000_000 }, { cgroup: cgroup.path });
    const [kept] = await daemon.untilConnected(
      await splicer.port(),
      'kept on the stack',
      ({ clientToServer }) => clientToServer.reason === 'splicing reader',
    );
    expect(kept && neverBypassed(kept)).toBe(true);

    // It believes what it is told, which without us knowing would now and then be too little.
    await using asker = new Traffic('asker', { large: 1_500_000, rounds: 10 }, { cgroup: cgroup.path });
    const result = await asker.result();
    expect(result).toMatchObject({ wrong: 0, answered: result.messages, error: '' });
    splicer.stop();
    expect(await splicer.result()).toMatchObject({ wrong: 0 });
  },
);
