import { join } from 'node:path';
import { Traffic } from '@sidestep/bench';
import { BpfMap } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { WATCHES } from '../../src/dataplane/ways.ts';
import { sceneOfWays } from './support/scene-of-ways.ts';
import { neverBypassed } from './support/test-daemon.ts';

test.for(WATCHES)(
  'a program that splices is recognised %s, and so is one that asks FIONREAD',
  async (way) => {
    await using scene = await sceneOfWays('watches', { watch: way });
    if (scene === null) return;
    const { daemon, cgroup } = scene;
    await using splicer = new Traffic('splicer', { turns: 1_000_000 }, { cgroup: cgroup.path });
    const [kept] = await daemon.untilConnected(
      await splicer.port(),
      'kept on the stack',
      ({ clientToServer }) => clientToServer.reason === 'splicing reader',
    );
    expect(kept && neverBypassed(kept)).toBe(true);

    await using asker = new Traffic('asker', { large: 1_500_000, rounds: 10 }, { cgroup: cgroup.path });
    const result = await asker.result();
    expect(result).toMatchObject({ wrong: 0, answered: result.messages, error: '' });
    using askers = BpfMap.openPinned(join(daemon.pinDir, 'map_askers'));
    expect(askers.keys().map((pid) => pid.readUInt32LE())).toContain(asker.pid);
    splicer.stop();
    expect(await splicer.result()).toMatchObject({ wrong: 0 });
  },
);
