import { run, Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { link, Netns } from './support/netns.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';

const PORT = 8074;
const SIDES = ['server', 'client'] as const;

/** How many sockets are enrolled. */
async function enrolled({ daemon }: Scene): Promise<number> {
  const entries = JSON.parse(
    await run(['bpftool', '-j', 'map', 'dump', 'pinned', `${daemon.pinDir}/map_socks`]),
  );
  return entries.length;
}

async function expectUntouched(scene: Scene): Promise<void> {
  expect(await enrolled(scene)).toBe(0);
  expect(await scene.daemon.connections({ includeClosed: true })).toEqual([]);
  const { events } = await scene.daemon.api.events.list.query({
    kinds: ['established', 'paired', 'bypassed'],
  });
  expect(events).toEqual([]);
}

test.for(SIDES)('a %s in another namespace and outside the cgroup leaves its peer alone', async (outside) => {
  await using scene = await acceleratedScene('remote');
  await using near = await Netns.create();
  await using far = await Netns.create();
  await link(near, '10.74.0.1/24', far, '10.74.0.2/24');
  const address = `10.74.0.1:${PORT}`;
  const cgroupOf = (side: string) => (side === outside ? {} : { cgroup: scene.cgroup.path });

  const serving = { server: true, address, seconds: 60 };
  await using server = new Traffic('exchange', serving, { ...cgroupOf('server'), netns: near.name });
  await server.port();
  const visiting = { client: true, address, connections: 5, count: 5000, seconds: 60 };
  await using client = new Traffic('exchange', visiting, { ...cgroupOf('client'), netns: far.name });

  expect(await client.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  await expectUntouched(scene);
});

test.for(SIDES)('a %s on loopback and outside the cgroup leaves its peer alone', async (outside) => {
  await using scene = await acceleratedScene('outside', { allowBlockingReaders: true });
  const cgroupOf = (side: string) => (side === outside ? {} : { cgroup: scene.cgroup.path });
  await using server = new Traffic('exchange', { server: true, seconds: 60 }, cgroupOf('server'));
  const address = `127.0.0.1:${await server.port()}`;
  const visiting = { client: true, address, connections: 5, count: 5000, seconds: 60 };
  await using client = new Traffic('exchange', visiting, cgroupOf('client'));

  expect(await client.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  await expectUntouched(scene);
});
