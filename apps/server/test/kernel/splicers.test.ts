import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Process, Traffic, trafficPath, until } from '@sidestep/bench';
import { type Connection, splicerSchema } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { neverBypassed } from './support/test-daemon.ts';

/** A program of its own, so that what is learned about it concerns no other test; and the port that it announces. */
function ownProgram(stack: AsyncDisposableStack) {
  const dir = mkdtempSync(join(tmpdir(), 'sidestep-splicer-'));
  stack.defer(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'proxy');
  copyFileSync(trafficPath('splicer'), path);
  return {
    path,
    async start({ cgroup }: Scene, ...options: string[]): Promise<{ process: Process; port: number }> {
      const process = stack.use(cgroup.start([path, '--turns=1000000', ...options]));
      const { listening } = z.object({ listening: z.number() }).parse(JSON.parse(await process.firstLine()));
      return { process, port: listening };
    },
  };
}

const keptForSplicing = ({ clientToServer }: Connection) => clientToServer.reason === 'splicing reader';

test('a program that splices is remembered: its next process is kept on the stack before it splices', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  const { daemon } = scene;
  const program = ownProgram(stack);
  const list = () => daemon.api.splicers.list.query();
  const expectKept = async () => {
    const { process, port } = await program.start(scene, '--read');
    const [kept] = await daemon.untilConnected(port, 'kept on the stack', keptForSplicing);
    expect(kept && neverBypassed(kept)).toBe(true);
    process.kill('SIGTERM');
  };

  const reader = await program.start(scene, '--read');
  await daemon.untilBypassing(reader.port);
  const first = await program.start(scene);
  await until('it is learned by its path', async () =>
    (await list()).some(({ program: path, remembered }) => path === program.path && remembered),
  );
  // Every process of the executable, also the one that has never spliced.
  await daemon.untilConnected(reader.port, 'off the bypass', keptForSplicing);
  for (const { process } of [reader, first]) process.kill('SIGTERM');
  await expectKept();

  await daemon.disable();
  await daemon.api.acceleration.enable.mutate();
  await expectKept();

  await daemon.disable();
  await daemon.stop();
  await daemon.start();
  const listed = z.array(splicerSchema).parse(JSON.parse(await daemon.cli('splicers', '--json')));
  expect(listed.map(({ program: path }) => path)).toContain(program.path);
  await daemon.api.acceleration.enable.mutate();
  await expectKept();

  await daemon.cli('splicers', '--release', program.path);
  const released = await program.start(scene, '--read');
  await daemon.untilBypassing(released.port);
  released.process.kill('SIGTERM');
});

test('a program that splices for the first time when its connection has joined already gets every byte', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  const { process, port } = await ownProgram(stack).start(scene, '--ahead=400', '--turns=20');
  await scene.daemon.untilBypassing(port);
  expect(JSON.parse((await process.result()).split('\n').at(-1) ?? '')).toMatchObject({
    turns: 20,
    wrong: 0,
  });
});

test('a program that splices for the first time has nothing to do with the others', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  await using other = new Traffic('exchange', { 'pause-ms': 1, seconds: 60 }, { cgroup: scene.cgroup.path });
  const { port } = await ownProgram(stack).start(scene);
  await scene.daemon.untilConnected(port, 'kept on the stack', keptForSplicing);
  await scene.daemon.untilBypassing(await other.port());
});

/** There, connections join before anybody has shown what it is. */
test('with blocking readers allowed a program that is remembered stays on the stack from its first byte on', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  const program = ownProgram(stack);
  const first = await program.start(scene);
  await scene.daemon.untilConnected(first.port, 'kept on the stack', keptForSplicing);
  first.process.kill('SIGTERM');

  await scene.daemon.api.settings.update.mutate({ allowBlockingReaders: true });
  const { process, port } = await program.start(scene);
  const [kept] = await scene.daemon.untilConnected(port, 'kept on the stack', keptForSplicing);
  expect(kept && neverBypassed(kept)).toBe(true);
  process.kill('SIGTERM');
  expect(JSON.parse((await process.result()).split('\n').at(-1) ?? '')).toMatchObject({ wrong: 0 });
});
