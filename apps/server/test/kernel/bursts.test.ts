import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

/** Between bursts enough turns to come back at once. */
const TURNS = 500;
const PIECE = 64;
/** Less than the 4096 that patience ends at, more than the 512 that two bursts would teach it. */
const PIECES = 3000;
const MOST_LESSONS = 4;

test('a connection that has left for four bursts of small writes stays for those to come', async () => {
  await using scene = await acceleratedScene('bursts');
  const { daemon, cgroup } = scene;
  await using exchange = new Traffic(
    'exchange',
    { nagle: true, 'burst-every': TURNS + 1, burst: PIECES * PIECE, piece: PIECE, seconds: 600 },
    { cgroup: cgroup.path },
  );
  await daemon.untilConnected(
    await exchange.port(),
    'on the bypass with as much as 20 bursts hold',
    ({ clientToServer: { messages } }) => messages.bypass > 20 * (PIECES + TURNS),
  );
  const { events } = await daemon.api.events.list.query({ kinds: ['left'] });
  const lessons = events.filter(({ reason }) => reason === 'streaming');
  expect(lessons.length).toBeGreaterThan(0);
  expect(lessons.length).toBeLessThanOrEqual(MOST_LESSONS);

  exchange.stop();
  expect(await exchange.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});
