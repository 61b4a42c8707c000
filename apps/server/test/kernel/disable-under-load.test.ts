import { existsSync } from 'node:fs';
import { Traffic, type TrafficOptions, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { attachedTo, heldBy, untilGone } from './support/kernel-objects.ts';
import { openScene, type Scene } from './support/scene.ts';
import { onBypass } from './support/test-daemon.ts';

/** An emulator has not the time for as many. */
const CYCLES = Number(process.env.SIDESTEP_CYCLES ?? 100);

/** What is under way when acceleration is switched off. `joins`: connections that come to the bypass. */
const LOADS: { program: 'exchange' | 'stream'; joins: number; options: TrafficOptions }[] = [
  { program: 'exchange', joins: 6, options: { connections: 6, 'pause-ms': 1 } },
  {
    program: 'exchange',
    joins: 3,
    options: { connections: 3, request: '1-60000', answer: '1-60000', pipeline: 3, 'pause-ms': 1 },
  },
  { program: 'exchange', joins: 1, options: {} },
  {
    program: 'stream',
    joins: 2,
    options: {
      connections: 2,
      direction: 'both',
      send: '1-20000',
      receive: '1-30000',
      nodelay: true,
      rate: 20_000_000,
    },
  },
  { program: 'stream', joins: 0, options: { send: '1-60000', rate: 40_000_000 } },
];
const JOINING = LOADS.reduce((sum, { joins }) => sum + joins, 0);

const programFor = ({ cgroup }: Scene, { program, options }: (typeof LOADS)[number]) =>
  new Traffic(program, { ...options, seconds: 60 }, { cgroup: cgroup.path });

test(`switching off under load loses and reorders no byte, ${CYCLES} times in a row`, {
  timeout: 1_800_000,
}, async () => {
  await using scene = await openScene('disable');
  const { daemon, cgroup } = scene;
  // Open from the first to the last cycle.
  await using lasting = new Traffic(
    'stream',
    { direction: 'both', send: '1-20000', rate: 5_000_000, seconds: 600 },
    { cgroup: cgroup.path },
  );

  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    await daemon.enable();
    const objects = heldBy(daemon.process.pid);
    await using programs = new AsyncDisposableStack();
    const loads = LOADS.map((load) => programs.use(programFor(scene, load)));
    await until(`${JOINING} connections are on the bypass in cycle ${cycle}`, async () => {
      const joined = (await daemon.connections()).filter(onBypass);
      return joined.length >= JOINING;
    });

    await daemon.disable();
    expect(await attachedTo(cgroup.path)).toBe('');
    if (cycle === CYCLES || cycle % 25 === 1) {
      await untilGone(objects);
      expect(existsSync(daemon.pinDir)).toBe(false);
    }

    for (const load of loads) load.stop();
    for (const load of loads) {
      const result = await load.result();
      expect(result, `cycle ${cycle}`).toMatchObject({ wrong: 0, errors: 0, error: '' });
      expect(result.received, `cycle ${cycle}`).toBe(result.sent);
      expect('unfinished' in result ? result.unfinished === 0 : result.finished).toBe(true);
    }
  }

  lasting.stop();
  const result = await lasting.result();
  expect(result).toMatchObject({ finished: true, wrong: 0, errors: 0, received: result.sent });
});
