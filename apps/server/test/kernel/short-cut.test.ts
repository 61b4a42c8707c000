import { Traffic } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { Build } from './support/build.ts';
import { acceleratedScene } from './support/scene.ts';

const CONNECTIONS = 20;
const TURNS = { request: '1-4000', answer: '1-4000', connections: CONNECTIONS, seconds: 60 };

test('sockets whose short cuts are in one place still find their own records', async () => {
  using build = await Build.of('SS_TEST_ONE_SHORT_CUT');
  await using scene = await acceleratedScene('short-cut', {}, [], build.prepare);
  const { daemon, cgroup } = scene;
  await using traffic = new Traffic('exchange', TURNS, { cgroup: cgroup.path });
  const port = await traffic.port();
  const joined = await daemon.untilBypassing(port, CONNECTIONS);
  // All but one end take the long way, and each counts what it sends itself.
  await daemon.untilConnected(
    port,
    'on the bypass for another thousand messages each way',
    ({ id, clientToServer: up, serverToClient: down }) => {
      const then = joined.find((one) => one.id === id)?.clientToServer.messages.bypass ?? 0;
      return up.messages.bypass > then + 1000 && down.messages.bypass > then + 1000;
    },
    CONNECTIONS,
  );
  traffic.stop();
  const result = await traffic.result();
  expect(result).toMatchObject({ wrong: 0, errors: 0, error: '', received: result.sent });
});
