import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { Netns } from './support/netns.ts';
import { acceleratedScene } from './support/scene.ts';

const ADDRESSES = [
  { family: 'IPv4', address: '127.0.0.1:0', shown: '127.0.0.1' },
  { family: 'IPv6', address: '[::1]:0', shown: '::1' },
  { family: 'v4-mapped IPv6 at both ends', address: '[::ffff:127.0.0.1]:0', shown: '127.0.0.1' },
  { family: 'IPv4 to a dual-stack listener', address: '[::]:0', to: '127.0.0.1:0', shown: '127.0.0.1' },
  { family: "the host's own IPv4 address", address: '10.71.0.1:0', shown: '10.71.0.1' },
  { family: "the host's own IPv6 address", address: '[fd71::1]:0', shown: 'fd71::1' },
];

test.for(ADDRESSES)('$family takes the bypass', async ({ address, to, shown }) => {
  await using scene = await acceleratedScene('addresses');
  await using netns = await Netns.create();
  await netns.run('ip', 'address', 'add', '10.71.0.1/24', 'dev', 'lo');
  await netns.run('ip', 'address', 'add', 'fd71::1/64', 'dev', 'lo', 'nodad');
  await using traffic = new Traffic(
    'exchange',
    {
      address,
      ...(to && { to }),
      connections: 3,
      request: '1-5000',
      answer: '1-5000',
      'pause-ms': 1,
      seconds: 60,
    },
    { cgroup: scene.cgroup.path, netns: netns.name },
  );

  const port = await traffic.port();
  const connections = await scene.daemon.untilBypassing(port, 3);
  for (const { client, server } of connections) {
    expect(client).toMatchObject({ address: shown, pid: traffic.pid, comm: 'exchange' });
    expect(server).toMatchObject({ address: shown, port, pid: traffic.pid, comm: 'exchange' });
    expect(client.netns).toBe(server.netns);
  }
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});
