import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Process, Traffic, trafficPath, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { recordsOf, untilUnwatched } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

/** A program whose file is opened once, when it is executed; whoever opens it then gets no answer. */
async function programOnDeadServer(
  stack: AsyncDisposableStack,
  { cgroup }: Scene,
  name: 'splicer' | 'stream' = 'splicer',
) {
  const at = mkdtempSync(join(tmpdir(), 'sidestep-served-'));
  stack.defer(() => rmdirSync(at));
  const source = trafficPath(name);
  const server = stack.use(cgroup.start([trafficPath('served-file'), `--at=${at}`, `--source=${source}`]));
  stack.defer(async () => {
    server.kill('SIGTERM');
    await server.status();
  });
  const { program } = z.object({ program: z.string() }).parse(JSON.parse(await server.firstLine()));
  const options = name === 'splicer' ? { read: true, turns: 1_000_000 } : { send: 65_536, rate: 20_000_000 };
  const traffic = stack.use(new Traffic(name, options, { cgroup: cgroup.path }, program));
  return { server, program, traffic, port: await traffic.port() };
}

const takenBy = ({ lines }: Process) =>
  lines.slice(1).map((line) => z.object({ unanswered: z.number() }).parse(JSON.parse(line)).unanswered);

const GIVEN_UP = 'executes cannot be read.';
const hasGivenUp = ({ lines }: Process) => lines.some((line) => line.includes(GIVEN_UP));

test('a program whose file does not answer stays on the stack until it is released, and holds up nobody else', async () => {
  await using scene = await acceleratedScene('served');
  await using stack = new AsyncDisposableStack();
  const { daemon, cgroup } = scene;
  const { server, program, traffic, port } = await programOnDeadServer(stack, scene);
  await until('the look at it waits', () => takenBy(server).length > 0);

  await using other = new Traffic('exchange', { 'pause-ms': 1, seconds: 60 }, { cgroup: cgroup.path });
  await daemon.untilBypassing(await other.port());
  expect(hasGivenUp(daemon.process)).toBe(false);
  await until('the daemon says that it has given up', () => hasGivenUp(daemon.process));
  expect(recordsOf(daemon, port).map(({ turns }) => turns > 50)).toEqual([true]);
  const [kept] = await daemon.untilConnected(
    port,
    'listed with the reason',
    ({ clientToServer }) => clientToServer.reason === 'unreadable program',
  );
  expect(kept && neverBypassed(kept)).toBe(true);

  expect(await daemon.api.splicers.list.query()).toMatchObject([{ program, why: 'unreadable' }]);
  expect(await daemon.api.splicers.release.mutate({ program })).toEqual([]);
  await daemon.untilBypassing(port);

  await daemon.disable();
  await daemon.stop();
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0 });
});

test('a stream of a program whose file does not answer is not watched any more', async () => {
  await using scene = await acceleratedScene('served');
  await using stack = new AsyncDisposableStack();
  const { traffic, port } = await programOnDeadServer(stack, scene, 'stream');
  await scene.daemon.untilConnected(
    port,
    'kept on the stack with the reason',
    ({ clientToServer }) => clientToServer.reason === 'unreadable program',
  );
  await untilUnwatched(scene.daemon, port);
  await scene.daemon.disable();
  traffic.stop();
  expect(await traffic.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
});

test('a daemon that is told to end does not wait for a file that does not answer', async () => {
  await using scene = await acceleratedScene('served');
  await using stack = new AsyncDisposableStack();
  const { server } = await programOnDeadServer(stack, scene);
  await until('the look at it waits', () => takenBy(server).length > 0);
  await scene.daemon.disable();
  await scene.daemon.stop();
  // It cannot be killed.
  expect(takenBy(server).every((pid) => existsSync(`/proc/${pid}`))).toBe(true);
});
