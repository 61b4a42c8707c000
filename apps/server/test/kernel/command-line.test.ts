import { freePort, Traffic, until } from '@sidestep/bench';
import { connectionSchema, eventSchema, statusSchema } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { attachedTo } from './support/kernel-objects.ts';
import { openScene } from './support/scene.ts';

test('the command line switches a real data plane on, shows what it does, and switches it off', async () => {
  await using scene = await openScene('cli');
  const { daemon, cgroup } = scene;
  const status = async () => statusSchema.parse(JSON.parse(await daemon.cli('status', '--json')));
  expect(await status()).toMatchObject({ state: 'off', pid: daemon.process.pid, cgroup: cgroup.path });

  await daemon.cli('enable');
  expect(await attachedTo(cgroup.path)).toContain('sock_ops');
  const port = await freePort();
  await using traffic = new Traffic(
    'exchange',
    { address: `127.0.0.1:${port}`, 'pause-ms': 1, seconds: 60 },
    { cgroup: cgroup.path },
  );
  const connection = await until('the connection is shown on the bypass', async () => {
    const shown = z.array(connectionSchema).parse(JSON.parse(await daemon.cli('connections', '--json')));
    return shown.find(
      ({ server, clientToServer }) => server.port === port && clientToServer.path === 'bypass',
    );
  });
  expect(connection).toMatchObject({ open: true, client: { comm: 'exchange', pid: traffic.pid } });
  await until('the totals count it', async () => (await status()).messages.bypass > 0);

  const events = (await daemon.cli('events', '--json'))
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  const kinds = events.filter((event) => event.connection === connection.id).map(({ kind }) => kind);
  expect(kinds.slice(0, 3)).toEqual(['established', 'paired', 'bypassed']);

  await daemon.cli('disable');
  expect(await status()).toMatchObject({ state: 'off', connections: { open: 0, bypassing: 0 } });
  expect(await attachedTo(cgroup.path)).toBe('');
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});
