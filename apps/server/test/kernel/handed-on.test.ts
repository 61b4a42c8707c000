import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Traffic, type TrafficOptions, type TrafficResult, trafficPath, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { recordsOf } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';
import { tend } from './support/tend.ts';
import type { TestDaemon } from './support/test-daemon.ts';

const NOBODY = 65_534;
const STACK = 0;
/** Messages that a client sends by itself. */
const AHEAD = 400;
const MESSAGE_BYTES = 64;
const never = { bypass_messages: 0n };

/** Two programs of which nobody knows anything: one that listens, or connects, and the one that it hands the connection to. */
class TwoPrograms implements Disposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'sidestep-handed-'));
  readonly listener = join(this.#dir, 'listener');
  readonly other = join(this.#dir, 'other');

  constructor() {
    chmodSync(this.#dir, 0o755);
    for (const path of [this.listener, this.other]) copyFileSync(trafficPath('handed'), path);
  }

  start({ cgroup }: Scene, to: string, options: TrafficOptions): Traffic<'handed'> {
    return new Traffic('handed', { to, ...options }, { cgroup: cgroup.path }, this.listener);
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true });
  }
}

function endOf(handed: Traffic<'handed'>): Promise<TrafficResult<'handed'>> {
  handed.process.kill('SIGUSR1');
  return handed.result();
}

/** Every end's transmit hook is on. */
const ARMED = 3;

async function untilItWouldJoin(daemon: TestDaemon, port: number): Promise<void> {
  await until('it would join', () =>
    recordsOf(daemon, port).some(({ armed, trial }) => armed === ARMED && trial),
  );
}

/** The listener has been looked at, so that nothing else stands in the way of what comes. */
async function acquaint(scene: Scene, programs: TwoPrograms): Promise<void> {
  await using handed = programs.start(scene, programs.listener, { turns: true });
  await scene.daemon.untilBypassing(await handed.port());
  expect(await endOf(handed)).toMatchObject({ right: true });
}

test.each([
  ['its listener has handed it to, which splices', {}],
  ['its listener has handed it to, which asks how much there is', { ask: true }],
  ['its client has become, which splices', { connect: true }],
])('a stream waits for the program that %s', async (_, options) => {
  await using scene = await acceleratedScene('handed');
  using programs = new TwoPrograms();
  const { daemon } = scene;
  await acquaint(scene, programs);
  await using handed = programs.start(scene, programs.other, options);
  const port = await handed.port();
  await untilItWouldJoin(daemon, port);
  daemon.process.kill('SIGSTOP');
  tend(daemon, 10);
  const records = recordsOf(daemon, port);
  expect(records).toMatchObject([{ state: STACK, direction: [never, never] }]);
  // For nothing else, however long this has taken.
  expect(records.map((record) => record.users_awaited > 0n || record.users_missed === 1)).toEqual([true]);
  daemon.process.kill('SIGCONT');
  expect(await endOf(handed)).toMatchObject({ right: true });
});

test('a listener that only looks at what waits is not taken for who serves it', async () => {
  await using scene = await acceleratedScene('looks');
  using programs = new TwoPrograms();
  const { daemon } = scene;
  await acquaint(scene, programs);
  await using handed = programs.start(scene, programs.other, { look: true });
  const port = await handed.port();
  await untilItWouldJoin(daemon, port);
  // TCP acknowledges now and then what waits, and sooner or later in one of its calls.
  await daemon.untilConnected(
    port,
    'silent',
    ({ clientToServer: { bytes } }) => bytes.stack + bytes.bypass >= AHEAD * MESSAGE_BYTES,
  );
  expect(recordsOf(daemon, port).map(({ exact }) => exact[1])).toEqual([0]);
  expect(await endOf(handed)).toMatchObject({ right: true });
});

/** Whose calls are not taken for its own before there are some in a row. */
test('a conversation waits for the program of another user that its listener has handed it to', async () => {
  await using scene = await acceleratedScene('handed');
  using programs = new TwoPrograms();
  const { daemon } = scene;
  await acquaint(scene, programs);
  daemon.process.kill('SIGSTOP');
  await using handed = programs.start(scene, programs.other, { turns: true, user: NOBODY });
  const port = await handed.port();
  await until('it has shown turns enough', () => recordsOf(daemon, port).some(({ turns }) => turns > 100));
  tend(daemon, 10);
  expect(recordsOf(daemon, port)).toMatchObject([{ state: STACK, direction: [never, never] }]);
  daemon.process.kill('SIGCONT');
  await daemon.untilBypassing(port);
  expect(await endOf(handed)).toMatchObject({ right: true });
});
