import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupV1Root, Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene, type Scene } from './support/scene.ts';

/** A redirect is to leave 576 KiB of it. */
const LIMIT = 720_896;
const RECEIVE_BUFFER = 200_000;
/** Less than what a redirect is to leave over. */
const NEXT_TO_NOTHING = 65_536;
const PLENTY = 100_000_000;
const A_WHILE = 2000;

/** A memory cgroup whose sockets get so many bytes. Disposing removes it. */
function limitedMemory(name: string, bytes: number) {
  const root = cgroupV1Root('memory');
  if (!root)
    throw new Error('No memory cgroups (v1) are mounted, which this test needs to limit one kind of memory.');
  const path = join(root, `sidestep-${name}-${process.pid}`);
  const limit = (to: number) => writeFileSync(join(path, 'memory.kmem.tcp.limit_in_bytes'), String(to));
  mkdirSync(path);
  limit(bytes);
  return {
    path,
    limit,
    async [Symbol.asyncDispose]() {
      await until(`${path} can be removed`, () => {
        rmdirSync(path);
        return true;
      });
    },
  };
}

async function untilLeft({ daemon }: Scene): Promise<void> {
  await until('a connection has left, short of memory', async () => {
    const { events } = await daemon.api.events.list.query({ kinds: ['left'] });
    return events.some(({ reason }) => reason === 'short of memory');
  });
}

test.for([
  { sends: '64', blocking: false },
  { sends: '16384', blocking: false },
  { sends: '1-300000', blocking: false },
  { sends: '16384', blocking: true },
])(
  'a sender waits for a reader whose memory is short, and is told of no error: %j',
  async ({ sends, blocking }) => {
    await using memory = limitedMemory('short', LIMIT);
    await using scene = await acceleratedScene('short-of-memory', { allowBlockingReaders: blocking });
    await using stall = new Traffic(
      'stall',
      { 'warm-ms': 0, 'receive-buffer': RECEIVE_BUFFER, send: sends, blocking },
      { cgroup: scene.cgroup.path, cgroupV1: memory.path },
    );
    await scene.daemon.untilBypassing(await stall.port());
    stall.process.kill('SIGUSR1');

    const result = await stall.result();
    // More would have been let in, had there been no limit.
    expect(result.accepted).toBeLessThan(2 * 2 * RECEIVE_BUFFER);
    expect(result).toMatchObject({ heldUp: true, received: result.sent, wrong: 0, errors: 0, error: '' });
    await untilLeft(scene);
  },
);

test('a busy connection comes back to the bypass when there is memory again', async () => {
  await using memory = limitedMemory('scarce', PLENTY);
  await using scene = await acceleratedScene('scarce-memory');
  await using exchange = new Traffic(
    'exchange',
    { seconds: 60 },
    { cgroup: scene.cgroup.path, cgroupV1: memory.path },
  );
  const port = await exchange.port();
  await scene.daemon.untilBypassing(port);

  memory.limit(NEXT_TO_NOTHING);
  await untilLeft(scene);
  // Many more turns than those after which one that never could join is given up.
  await sleep(A_WHILE);
  memory.limit(PLENTY);
  await scene.daemon.untilBypassing(port);

  exchange.stop();
  expect(await exchange.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});
