import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Process, trafficPath, until } from '@sidestep/bench';
import { BpfLink, BpfMap, BtfLayouts, readIterator } from '@sidestep/libbpf';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { recordsOf } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import type { TestDaemon } from './support/test-daemon.ts';

const NOBODY = 65_534;
const STACK = 0;
const never = { bypass_messages: 0n };

/** Two programs of which nobody knows anything: a listener, and the one that it has serve who comes. */
class TwoPrograms implements Disposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'sidestep-handed-'));
  readonly listener = join(this.#dir, 'listener');
  readonly other = join(this.#dir, 'other');

  constructor() {
    chmodSync(this.#dir, 0o755);
    for (const path of [this.listener, this.other]) copyFileSync(trafficPath('handed'), path);
  }

  async start(
    { cgroup }: Scene,
    to: string,
    ...options: string[]
  ): Promise<{ process: Process; port: number }> {
    const process = cgroup.start([this.listener, `--to=${to}`, ...options]);
    const { listening } = z.object({ listening: z.number() }).parse(JSON.parse(await process.firstLine()));
    return { process, port: listening };
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true });
  }
}

/** Has the connections visited as the daemon does, which looks at nobody's program meanwhile. */
function visit(daemon: TestDaemon): void {
  using link = BpfLink.openPinned(join(daemon.pinDir, 'link_tend'));
  using connections = BpfMap.openPinned(join(daemon.pinDir, 'map_connections'));
  const { size } = BtfLayouts.fromMap(connections).struct('ss_wake');
  readIterator(link, size);
}

async function endOf(process: Process): Promise<unknown> {
  process.kill('SIGUSR1');
  return JSON.parse((await process.result()).split('\n').at(-1) ?? '');
}

/** Every end's transmit hook is on. */
const ARMED = 3;

/** The listener has been looked at, so that nothing else stands in the way of what comes. */
async function acquaint(scene: Scene, programs: TwoPrograms): Promise<void> {
  const { process, port } = await programs.start(scene, programs.listener, '--turns');
  await using _ = process;
  await scene.daemon.untilBypassing(port);
  expect(await endOf(process)).toMatchObject({ right: true });
}

test.each([
  ['splices', []],
  ['asks how much there is', ['--ask']],
])('a stream waits for the program that its listener has handed it to, which %s', async (_, options) => {
  await using scene = await acceleratedScene('handed');
  using programs = new TwoPrograms();
  const { daemon } = scene;
  await acquaint(scene, programs);
  const { process, port } = await programs.start(scene, programs.other, ...options);
  await using _process = process;
  await until('it would join', () =>
    recordsOf(daemon, port).some(({ armed, trial }) => armed === ARMED && trial),
  );
  daemon.process.kill('SIGSTOP');
  for (let visits = 0; visits < 10; visits++) visit(daemon);
  expect(recordsOf(daemon, port)).toMatchObject([{ state: STACK, direction: [never, never] }]);
  daemon.process.kill('SIGCONT');
  expect(await endOf(process)).toMatchObject({ right: true });
});

/** Whose calls are not taken for its own before there are some in a row. */
test('a conversation waits for the program of another user that its listener has handed it to', async () => {
  await using scene = await acceleratedScene('handed');
  using programs = new TwoPrograms();
  const { daemon } = scene;
  await acquaint(scene, programs);
  daemon.process.kill('SIGSTOP');
  const { process, port } = await programs.start(scene, programs.other, '--turns', `--user=${NOBODY}`);
  await using _ = process;
  await until('it has shown turns enough', () => recordsOf(daemon, port).some(({ turns }) => turns > 100));
  for (let visits = 0; visits < 10; visits++) visit(daemon);
  expect(recordsOf(daemon, port)).toMatchObject([{ state: STACK, direction: [never, never] }]);
  daemon.process.kill('SIGCONT');
  await daemon.untilBypassing(port);
  expect(await endOf(process)).toMatchObject({ right: true });
});
