import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Process, Traffic, type TrafficProgram, trafficPath, until } from '@sidestep/bench';
import { type Connection, type Splicer, splicerSchema } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { recordsOf } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { tend } from './support/tend.ts';
import { neverBypassed } from './support/test-daemon.ts';

/** A program of its own, so that what is learned about it concerns no other test; and the port that it announces. */
function ownProgram(stack: AsyncDisposableStack, program: TrafficProgram = 'splicer') {
  const dir = mkdtempSync(join(tmpdir(), 'sidestep-splicer-'));
  stack.defer(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'proxy');
  copyFileSync(trafficPath(program), path);
  return {
    path,
    async start({ cgroup }: Scene, ...options: string[]): Promise<{ process: Process; port: number }> {
      const process = stack.use(cgroup.start([path, '--turns=1000000', ...options]));
      const { listening } = z.object({ listening: z.number() }).parse(JSON.parse(await process.firstLine()));
      return { process, port: listening };
    },
  };
}

const STACK = 0;

/** More than the queue of a reader holds. */
const BODY = 8_000_000;

/** Has it end when it is kept, and that is to be a right end; its connection, and how it is listed. */
async function stayingOnStack(
  scene: Scene,
  program: ReturnType<typeof ownProgram>,
  options: string[],
): Promise<[Connection, Splicer | undefined]> {
  const { process, port } = await program.start(scene, ...options);
  const [kept] = await scene.daemon.untilConnected(port, 'kept on the stack', keptForSplicing);
  const [listed] = await scene.daemon.api.splicers.list.query();
  process.kill('SIGTERM');
  const result = JSON.parse((await process.result()).split('\n').at(-1) ?? '');
  expect(result).toMatchObject({ wrong: 0 });
  return [kept as Connection, listed];
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

/** As HAProxy does with a request whose body is large: it has read many, and this is the first one that it splices. */
test('a program that could splice stays on the stack before it ever did, and gets every byte when it does', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  const { daemon } = scene;
  const program = ownProgram(stack, 'splicer-linked');
  const late = ['--read', `--body=${BODY}`];
  const [kept, listed] = await stayingOnStack(scene, program, late);
  expect(neverBypassed(kept)).toBe(true);
  expect(listed).toMatchObject({ program: program.path, why: 'could splice', remembered: true });
  await until(
    'it is known that it did',
    async () => (await daemon.api.splicers.list.query())[0]?.why === 'splices',
  );
});

test('one that could, and was released, takes the bypass', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  const { daemon } = scene;
  const program = ownProgram(stack, 'splicer-linked');
  await stayingOnStack(scene, program, ['--read']);
  await daemon.cli('splicers', '--release', program.path);
  const { process, port } = await program.start(scene, '--read');
  await daemon.untilBypassing(port);
  process.kill('SIGTERM');

  await daemon.disable();
  await daemon.enable();
  const again = await program.start(scene, '--read');
  await daemon.untilBypassing(again.port);
  again.process.kill('SIGTERM');
});

/** The same device and inode, as when a file's number is given to another one. */
test('a program that is put in the place of another is looked at, too', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  const program = ownProgram(stack);
  const { process, port } = await program.start(scene, '--read');
  await scene.daemon.untilBypassing(port);
  process.kill('SIGTERM');
  await process.status();
  copyFileSync(trafficPath('splicer-linked'), program.path);
  const [kept] = await stayingOnStack(scene, program, ['--read']);
  expect(neverBypassed(kept)).toBe(true);
});

test('while nobody has looked what a program could do, it stays on the stack', async () => {
  await using scene = await acceleratedScene('splicers');
  await using stack = new AsyncDisposableStack();
  const { daemon } = scene;
  daemon.process.kill('SIGSTOP');
  const { process, port } = await ownProgram(stack, 'splicer-linked').start(scene, '--read');
  await until('it has shown turns enough', () => recordsOf(daemon, port).some(({ turns }) => turns > 50));
  tend(daemon, 10);
  expect(recordsOf(daemon, port)).toMatchObject([{ state: STACK }]);
  daemon.process.kill('SIGCONT');
  process.kill('SIGTERM');
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
