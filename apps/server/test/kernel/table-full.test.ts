import { Traffic, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acceleratedScene } from './support/scene.ts';
import { onBypass } from './support/test-daemon.ts';

const ROOM = 8;

test('connections that find the table full use TCP; the others keep the bypass, and their places come free', async () => {
  await using scene = await acceleratedScene('table', {}, ['--max-connections', String(ROOM)]);
  const { daemon, cgroup } = scene;
  const start = (connections: number) =>
    new Traffic('exchange', { connections, 'pause-ms': 1, seconds: 600 }, { cgroup: cgroup.path });
  const status = () => daemon.api.acceleration.status.query();

  await using first = start(ROOM);
  const port = await first.port();
  await daemon.untilBypassing(port, ROOM);
  expect(await status()).toMatchObject({ untracked: 0 });

  await using late = start(3);
  const latePort = await late.port();
  await until('the late ones are counted', async () => (await status()).untracked === 3);
  expect(await daemon.cli('status')).toContain('3 found the table full and use TCP');
  expect(await daemon.connections({ port: latePort })).toEqual([]);
  const kept = await daemon.connections({ port });
  expect(kept.filter(onBypass)).toHaveLength(ROOM);

  first.stop();
  expect(await first.result()).toMatchObject({ connections: ROOM, wrong: 0, errors: 0, unfinished: 0 });
  await using next = start(ROOM);
  await daemon.untilBypassing(await next.port(), ROOM);
  expect(await status()).toMatchObject({ untracked: 3 });
  for (const program of [late, next]) {
    program.stop();
    const result = await program.result();
    expect(result).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
    expect(result.exchanges).toBeGreaterThan(0);
  }
});
