import { Traffic, type TrafficOptions, until } from '@sidestep/bench';
import { expect, test } from 'vitest';
import { acquaint } from './support/acquaint.ts';
import { recordsOf, untilUnwatched } from './support/records.ts';
import { acceleratedScene, type Scene } from './support/scene.ts';

/** SS_STATE_BYPASS of bpf/sidestep.h. */
const BYPASS = 2;

/** It joins at once, whatever else its program does. */
const LARGE_WRITES = { send: 65_536, rate: 50_000_000 };

const TAKEN: { name: string; options: TrafficOptions }[] = [
  { name: 'that TCP cannot gather', options: { send: 1000, rate: 1_000_000, nodelay: true } },
  { name: 'of large writes', options: LARGE_WRITES },
];

test.for(TAKEN)('a stream $name takes the bypass', async ({ options }) => {
  await using scene = await acceleratedScene('streams');
  await using stream = new Traffic('stream', options, { cgroup: scene.cgroup.path });
  const port = await stream.port();

  await untilHappened(scene, 'bypassed', 1);
  await scene.daemon.untilConnected(
    port,
    'sending on the bypass',
    ({ clientToServer }) => clientToServer.messages.bypass > 100,
  );
  stream.stop();
  expect(await stream.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
});

test('a stream of large writes is not measured before it takes the bypass', async () => {
  await using scene = await acceleratedScene('glance');
  await acquaint(scene, 'stream', LARGE_WRITES);
  // Two segments each, as TCP cuts at half of a small window: what it is shows with the 33rd of them; the first measurement would end with the 64th.
  // Several, for one has to wait first where its reader has acknowledged nothing in a call of its own yet: on a busy machine TCP does that for it.
  const options: TrafficOptions = { send: 60_000, rate: 400_000, connections: 8 };
  await using stream = new Traffic('stream', options, { cgroup: scene.cgroup.path });
  const [connection] = await scene.daemon.untilConnected(
    await stream.port(),
    'sending on the bypass',
    ({ clientToServer }) => clientToServer.messages.bypass > 10,
  );
  const onStack = connection?.clientToServer.messages.stack ?? 0;
  expect(onStack).toBeGreaterThan(30);
  expect(onStack).toBeLessThan(64);
  stream.stop();
  expect(await stream.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
});

test('a stream that only looked like large writes leaves at once and is measured, without a pause', async () => {
  await using scene = await acceleratedScene('vain-glance');
  await acquaint(scene, 'stream', LARGE_WRITES);
  // One segment each, large enough for a glance. What it is shows on the bypass: writes of less than 32 KiB.
  await using stream = new Traffic(
    'stream',
    { send: 28_000, rate: 4_000_000 },
    { cgroup: scene.cgroup.path },
  );
  const port = await stream.port();
  const [connection] = await scene.daemon.untilConnected(
    port,
    'on the bypass again',
    ({ clientToServer }) => clientToServer.messages.bypass > 100,
  );
  const { events } = await scene.daemon.api.events.list.query({
    kinds: ['bypassed', 'left'],
    connection: connection?.id,
  });
  expect(events.map(({ kind, reason }) => [kind, reason])).toEqual([
    ['bypassed', null],
    ['left', 'streaming'],
    ['bypassed', null],
  ]);
  // After a trial that was measured there is a pause, and each makes the next one longer.
  expect(recordsOf(scene.daemon, port)).toMatchObject([{ trials: 0 }]);
  stream.stop();
  expect(await stream.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
});

const PACE = 5_000_000;

/** A stream at a pace that was measured on both paths and is on the bypass. */
async function pacedStream(scene: Scene) {
  for (let attempt = 1; ; attempt++) {
    expect(attempt).toBeLessThanOrEqual(10);
    await using opened = new AsyncDisposableStack();
    const stream = opened.use(
      new Traffic('stream', { send: 1000, nodelay: true, rate: PACE }, { cgroup: scene.cgroup.path }),
    );
    const port = await stream.port();
    await scene.daemon.untilConnected(
      port,
      'on the bypass',
      ({ clientToServer }) => clientToServer.path === 'bypass',
    );
    // The kernel takes one for leisurely whose sender has lost its processor for a moment, and measures it not; what it then catches up is measured above its pace.
    if (recordsOf(scene.daemon, port)[0]?.direction[0].stack_rate === 0) continue;
    const { stack_rate, tried_rate } = await until('it has a rate on either path', () => {
      const direction = recordsOf(scene.daemon, port)[0]?.direction[0];
      return direction && direction.tried_rate > 0 ? direction : undefined;
    });
    const most = (2 * PACE) / 1000;
    if (stack_rate > most || tried_rate > most) continue;
    opened.move();
    return { stream, port, paced: stack_rate };
  }
}

test('a stream that has become much faster than it was when it was tried is measured again', async () => {
  await using scene = await acceleratedScene('outgrown');
  const { stream, port, paced } = await pacedStream(scene);
  await using _ = stream;
  stream.process.kill('SIGUSR1');
  await until('it has a new rate on the stack', () => {
    const [record] = recordsOf(scene.daemon, port);
    return record && record.direction[0].stack_rate > 2 * paced;
  });
  stream.stop();
  expect(await stream.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
});

test('small writes that TCP gathers never stay on the bypass', async () => {
  await using scene = await acceleratedScene('gathered');
  const send = 64;
  await using stream = new Traffic('stream', { send, seconds: 2 }, { cgroup: scene.cgroup.path });
  const result = await stream.result();
  expect(result).toMatchObject({ wrong: 0, errors: 0, finished: true });

  const { events } = await scene.daemon.api.events.list.query({ kinds: ['left', 'closed'] });
  const tries = events.filter(({ kind }) => kind === 'left').length;
  const { messages } = await scene.daemon.api.acceleration.status.query();
  // Who is to leave goes on until its reader is through, which takes as long as the machine is busy; then it has left.
  expect(messages.bypass).toBeLessThanOrEqual(100 * tries + result.sent / send / 20);
});

test.each([
  ['gathers', true],
  ['does not gather', false],
])(
  'requests that do not wait for answers, in writes that TCP %s, are measured on both paths',
  async (_, nagle) => {
    await using scene = await acceleratedScene('pipeline');
    // On two processors, so that each end sends while something waits for it.
    await using exchange = new Traffic(
      'exchange',
      { request: 64, answer: 64, nagle, pipeline: 16, cpu: 0, 'peer-cpu': 1, seconds: 60 },
      { cgroup: scene.cgroup.path },
    );
    const port = await exchange.port();
    await until('it has a rate on either', () => {
      const [record] = recordsOf(scene.daemon, port);
      return record?.direction.some(({ stack_rate, bypass_rate }) => stack_rate > 0 && bypass_rate > 0);
    });
    exchange.stop();
    expect(await exchange.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  },
);

/** So many messages after its requests became fewer one has left, if it is to. */
const LONG_SINCE = 10_000n;

/** Whether a connection whose requests have become fewer has left the bypass for that, and come back before its next trial. */
async function comesBackEarly(scene: Scene): Promise<boolean> {
  await using requests = new Traffic(
    'multiplex',
    { cpu: 0, 'peer-cpu': 1, seconds: 600 },
    { cgroup: scene.cgroup.path },
  );
  const port = await requests.port();
  const onBypass = () => recordsOf(scene.daemon, port).find(({ state }) => state === BYPASS);
  const before = await until('it has a rate on either path', () => {
    const record = onBypass();
    return record && record.direction[0].stack_rate > 0 && record.direction[0].bypass_rate > 0
      ? record
      : undefined;
  });
  requests.process.kill('SIGUSR1');
  const after = await until('it has left and is back, or stays', () => {
    const record = onBypass();
    if (!record) return undefined;
    const since = record.direction[0].bypass_messages - before.direction[0].bypass_messages;
    return record.next_trial > before.next_trial || since > LONG_SINCE ? record : undefined;
  });
  requests.stop();
  expect(await requests.result()).toMatchObject({ wrong: 0, right: true });
  return after.next_trial > before.next_trial && after.joined_at < after.next_trial;
}

test('requests that have become fewer, which no path can help, are back on the bypass before their next trial', async () => {
  await using scene = await acceleratedScene('fewer');
  await untilSomebodyWasWoken(scene);
  // On a busy machine one may never have been faster, or take as long to be compared.
  for (let attempt = 1; !(await comesBackEarly(scene)); attempt++) expect(attempt).toBeLessThan(10);
});

test.each([
  ['gathers', true],
  ['does not gather', false],
])('requests that wait for their answers, in writes that TCP %s, are not', async (_, nagle) => {
  await using scene = await acceleratedScene('turns');
  await using exchange = new Traffic(
    'exchange',
    { request: 64, answer: 64, nagle, cpu: 0, 'peer-cpu': 1, seconds: 600 },
    { cgroup: scene.cgroup.path },
  );
  await scene.daemon.untilConnected(
    await exchange.port(),
    'exchanging on the bypass',
    ({ clientToServer }) => clientToServer.messages.bypass > 20_000,
  );
  exchange.stop();
  expect(await exchange.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
  const { events } = await scene.daemon.api.events.list.query({ kinds: ['bypassed', 'left'] });
  expect(events.map(({ kind }) => kind)).toEqual(['bypassed']);
});

const UNWATCHED: { name: string; options: TrafficOptions }[] = [
  { name: 'at leisure that nobody answers', options: { send: 64, rate: 100_000 } },
  // Its segments are what would be tried on the bypass.
  {
    name: 'whose reader blocks',
    options: { send: 1000, rate: 1_000_000, nodelay: true, wait: 'blocking' },
  },
];

test.for(UNWATCHED)('a stream $name is not watched any more', async ({ options }) => {
  await using scene = await acceleratedScene('unwatched');
  await untilSomebodyWasWoken(scene);
  await using stream = new Traffic('stream', { ...options, seconds: 60 }, { cgroup: scene.cgroup.path });
  await untilUnwatched(scene.daemon, await stream.port());
  stream.stop();
  expect(await stream.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
});

test('a stream that may join at a quiet moment alone, and has none, is not tried at every visit', async () => {
  await using scene = await acceleratedScene('never-quiet');
  // Its reader asks FIONREAD, and is behind all the time.
  await using flood = new Traffic(
    'flood',
    { send: 16_384, receive: 512, ask: true, seconds: 5, grace: 60 },
    { cgroup: scene.cgroup.path },
  );
  await untilUnwatched(scene.daemon, await flood.port());
  expect(await flood.result()).toMatchObject({ wrong: 0, errors: 0, finished: true });
  const { events } = await scene.daemon.api.events.list.query({ kinds: ['bypassed'] });
  expect(events).toEqual([]);
});

const LOADS = [
  { load: 'short', options: { 'burst-every': 20_000, burst: 4_000_000 } },
  // Long enough for the hooks to be switched off meanwhile.
  { load: 'long', options: { 'burst-every': 20_000, burst: 100_000_000 } },
];

test.for(LOADS)('a pool comes back to the bypass after each bulk load: $load', async ({ options }) => {
  await using scene = await acceleratedScene('pool');
  await using pool = new Traffic(
    'exchange',
    { ...options, nagle: true, seconds: 60 },
    { cgroup: scene.cgroup.path },
  );
  await scene.daemon.untilBypassing(await pool.port());

  await untilHappened(scene, 'bypassed', 3);
  const { events } = await scene.daemon.api.events.list.query({ kinds: ['left'] });
  expect(events.length).toBeGreaterThanOrEqual(2);
  for (const { reason } of events) expect(['streaming', 'queue full']).toContain(reason);
  pool.stop();
  expect(await pool.result()).toMatchObject({ wrong: 0, errors: 0, unfinished: 0 });
});

test('a stream whose reader is behind gets its own low-water mark back', async () => {
  await using scene = await acceleratedScene('plugged');
  await using stream = new Traffic(
    'stream',
    { send: 262_144, receive: 262_144, nodelay: true, seconds: 120 },
    { cgroup: scene.cgroup.path },
  );
  await untilHappened(scene, 'bypassed', 1);
  await scene.daemon.disable();
  await until('acceleration is off', async () => {
    const { state } = await scene.daemon.api.acceleration.status.query();
    return state === 'off';
  });
  stream.stop();
  expect(await stream.result()).toMatchObject({ wrong: 0, errors: 0, finished: true, lowWaterMark: 0 });
});

async function untilHappened({ daemon }: Scene, kind: 'bypassed', times: number): Promise<void> {
  await until(`${kind} has happened ${times} times`, async () => {
    const { events } = await daemon.api.events.list.query({ kinds: [kind] });
    return events.length >= times;
  });
}

/** Only then streams doze between trials: that the kernel can wake them is known. */
async function untilSomebodyWasWoken(scene: Scene): Promise<void> {
  await using stream = new Traffic('stream', TAKEN[0]?.options ?? {}, { cgroup: scene.cgroup.path });
  await stream.port();
  await untilHappened(scene, 'bypassed', 1);
}
