import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

/**
 * Above the cap bytes go by TCP, and are read behind those that were redirected. Where the redirected ones end, a read comes short although
 * more is there; who takes that for the end, as epoll(7) allows at the edge, and hears nothing more, sleeps for ever.
 */
test.for([
  { sends: 'in large sends', chunk: 0, large: 1_500_000 },
  { sends: 'in small sends', chunk: 1000, large: 70_000 },
  { sends: 'in small sends, many', chunk: 1000, large: 1_500_000 },
])('a reader that stops at a short read gets what comes above the cap: $sends', async ({ chunk, large }) => {
  await using scene = await acceleratedScene('short', { queueCap: 65_536 });
  await using asker = new Traffic(
    'asker',
    { short: true, large, rounds: 30, ...(chunk ? { chunk } : {}) },
    { cgroup: scene.cgroup.path },
  );
  const result = await asker.result();
  expect(result).toMatchObject({ wrong: 0, answered: result.messages, received: result.sent, error: '' });
  const { messages } = await scene.daemon.api.acceleration.status.query();
  expect(messages.bypass).toBeGreaterThan(0);
});
