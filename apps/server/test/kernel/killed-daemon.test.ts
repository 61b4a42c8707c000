import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { attachedTo, heldBy, untilGone } from './support/kernel-objects.ts';
import { acceleratedScene } from './support/scene.ts';
import { onBypass } from './support/test-daemon.ts';

const ROUNDS = 5;

test('what a killed daemon leaves behind goes on, and the next daemon takes it over', async () => {
  await using scene = await acceleratedScene('killed');
  const { daemon, cgroup } = scene;
  const turns = { request: '1-20000', answer: '1-20000', 'pause-ms': 1, seconds: 600 };
  await using traffic = new Traffic('exchange', { ...turns, connections: 4 }, { cgroup: cgroup.path });
  const port = await traffic.port();
  const joined = await daemon.untilBypassing(port, 4);
  const idsOf = (connections: { id: string }[]) => connections.map(({ id }) => id).sort();

  let carried = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    await daemon.stop('SIGKILL');
    await using meanwhile = new Traffic('exchange', { ...turns, count: 200 }, { cgroup: cgroup.path });
    expect(await meanwhile.result()).toMatchObject({ exchanges: 200, wrong: 0, errors: 0, unfinished: 0 });
    await daemon.start();

    const status = await daemon.api.acceleration.status.query();
    expect(status).toMatchObject({ state: 'on', pid: daemon.process.pid, failure: null });
    // The totals go on from where the killed one had them.
    expect(status.bytes.bypass).toBeGreaterThan(carried);
    carried = status.bytes.bypass;
    const kept = (await daemon.connections({ port })).filter(onBypass);
    expect(idsOf(kept)).toEqual(idsOf(joined));
  }

  await using late = new Traffic('exchange', { ...turns, connections: 2 }, { cgroup: cgroup.path });
  await daemon.untilBypassing(await late.port(), 2);

  const objects = heldBy(daemon.process.pid);
  await daemon.disable();
  expect(await attachedTo(cgroup.path)).toBe('');
  await untilGone(objects);
  for (const program of [traffic, late]) {
    program.stop();
    expect(await program.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  }
});

test('acceleration that was left on by a stopped daemon can be switched off by the next one', async () => {
  await using scene = await acceleratedScene('stopped');
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic('exchange', { 'pause-ms': 1, seconds: 600 }, { cgroup: cgroup.path });
  await daemon.untilBypassing(await traffic.port());
  const objects = heldBy(daemon.process.pid);

  await daemon.stop();
  await daemon.start();
  await daemon.disable();
  await untilGone(objects);
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});
