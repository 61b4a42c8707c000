import { Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';

const TEN_MIB = 10 * 2 ** 20;

test.for([
  { readers: 'non-blocking', blocking: false, send: '16384' },
  { readers: 'non-blocking, in small messages', blocking: false, send: '64' },
  { readers: 'non-blocking, in messages of all sizes', blocking: false, send: '1-300000' },
  { readers: 'blocking', blocking: true, send: '16384' },
])('a reader that stops reading holds up its sender within 10 MiB ($readers)', async ({ blocking, send }) => {
  await using scene = await acceleratedScene('stall', { allowBlockingReaders: blocking });
  await using stall = new Traffic('stall', { 'warm-ms': 0, blocking, send }, { cgroup: scene.cgroup.path });
  const port = await stall.port();
  const [before] = await scene.daemon.untilBypassing(port);

  stall.process.kill('SIGUSR1');
  const result = await stall.result();
  expect(result).toMatchObject({ heldUp: true, wrong: 0, errors: 0 });
  expect(result.received).toBe(result.sent);
  expect(result.accepted).toBeLessThanOrEqual(TEN_MIB);

  const after = await until('the closed connection is listed', async () => {
    const connections = await scene.daemon.connections({ includeClosed: true });
    return connections.find(({ id, open }) => id === before?.id && !open);
  });
  const { bypass, stack } = after.clientToServer.bytes;
  expect(bypass + stack).toBe(result.sent);
});
