import { freePort, type Process, until } from '@sidestep/bench';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { neverBypassed, onBypass } from './support/test-daemon.ts';

/** An echo server of socat, and a client of nc. Both read from blocking sockets. */
async function startPair(
  { cgroup }: Scene,
  stack: AsyncDisposableStack,
): Promise<{ port: number; nc: Process }> {
  const port = await freePort();
  stack.use(cgroup.start(['socat', `TCP-LISTEN:${port},bind=127.0.0.1,fork`, 'PIPE']));
  const nc = await until('socat listens', async () => {
    const attempt = stack.use(cgroup.start(['nc', '127.0.0.1', String(port)]));
    attempt.write('are you there\n');
    return until(
      'nc has its first answer or gives up',
      () => attempt.lines.length > 0 || !attempt.running,
    ).then(() => attempt.running && attempt);
  });
  return { port, nc };
}

/** Sends numbered lines one by one, each after the answer to the one before, and returns what came back. */
async function converse(nc: Process, turns: number): Promise<readonly string[]> {
  const start = nc.lines.length;
  for (let turn = 1; turn <= turns; turn++) {
    nc.write(`line ${turn}\n`);
    await until(`line ${turn} is echoed`, () => nc.lines.length >= start + turn, { every: 1 });
  }
  return nc.lines.slice(start);
}

const countOf = ({ clientToServer, serverToClient }: Connection) =>
  [clientToServer, serverToClient].reduce((sum, { messages }) => sum + messages.bypass + messages.stack, 0);
const spoken = (turns: number) => Array.from({ length: turns }, (_, index) => `line ${index + 1}`);

test('socat and nc stay on the stack because they block, until that is allowed', async () => {
  await using scene = await acceleratedScene('textbook');
  await using programs = new AsyncDisposableStack();
  const { daemon } = scene;

  const first = await startPair(scene, programs);
  expect(await converse(first.nc, 50)).toEqual(spoken(50));
  const [kept] = await daemon.untilConnected(
    first.port,
    'kept on the stack by a blocking reader',
    ({ clientToServer }) => clientToServer.reason === 'blocking reader',
  );
  expect(kept).toMatchObject({
    client: { address: '127.0.0.1', comm: 'nc', pid: first.nc.pid },
    server: { address: '127.0.0.1', comm: 'socat' },
    serverToClient: { path: 'stack', reason: 'blocking reader' },
  });
  expect(kept && neverBypassed(kept)).toBe(true);

  await daemon.api.settings.update.mutate({ allowBlockingReaders: true });
  const second = await startPair(scene, programs);
  expect(await converse(second.nc, 50)).toEqual(spoken(50));
  const [bypassing] = await daemon.untilConnected(
    second.port,
    'on the bypass, with all that was said',
    (connection) => onBypass(connection) && countOf(connection) === 2 * (50 + 1),
  );
  expect(bypassing).toMatchObject({
    client: { comm: 'nc', pid: second.nc.pid },
    // 50 lines and the greeting.
    clientToServer: { messages: { bypass: 51, stack: 0 } },
    serverToClient: { messages: { bypass: 51, stack: 0 } },
  });

  const [untouched] = await daemon.connections({ port: first.port });
  expect(untouched && onBypass(untouched)).toBe(false);
});
