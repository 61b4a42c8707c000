import { expect, test } from 'vitest';
import { breathe } from '../../src/breathe.ts';
import { ClosedConnections } from '../../src/connections/closed.ts';
import { ConnectionSampler } from '../../src/connections/sampler.ts';
import { memoryDatabase } from '../../src/state/database.ts';
import { Counters } from '../../src/statistics/counters.ts';
import { meanOf, pointBetween } from '../../src/statistics/points.ts';
import { StatisticsRecorder } from '../../src/statistics/recorder.ts';
import { StatisticsStore } from '../../src/statistics/store.ts';
import { take } from '../support/collect.ts';
import { bypassing, connection } from '../support/connection.ts';
import { FakeDataPlane, FakeKernel } from '../support/fake-data-plane.ts';

const NONE = { bypass: 0, stack: 0 };
/** A round time: intervals of all ranges start here. */
const START = 2_016_000 * 900_000;
const LATEST = Number.MAX_SAFE_INTEGER;

function recording(database = memoryDatabase(), start = START) {
  const clock = { ms: start, set: 0 };
  const log: string[] = [];
  const steady = () => clock.ms;
  const now = () => clock.ms + clock.set;
  const dataPlane = new FakeDataPlane();
  dataPlane.enabled = true;
  const counters = new Counters(dataPlane);
  const sampler = new ConnectionSampler({
    dataPlane,
    closed: new ClosedConnections(steady),
    steady,
    takeEvents: () => {},
  });
  const recorder = new StatisticsRecorder({
    counters,
    sampler,
    store: new StatisticsStore(database),
    now,
    steady,
    log: (line) => log.push(line),
  });
  /** One second in which so many messages take each path. */
  const second = (bypass = 0, stack = 0) => {
    clock.ms += 1000;
    const { bytes, messages, events } = dataPlane.kernel.totals;
    dataPlane.kernel.totals = {
      bytes: { bypass: bytes.bypass + bypass * 64, stack: bytes.stack + stack * 64 },
      messages: { bypass: messages.bypass + bypass, stack: messages.stack + stack },
      events: { ...events, sent: events.sent + 1 },
      untracked: 0,
      leftOut: 0,
    };
    recorder.turn();
  };
  return { clock, log, dataPlane, counters, recorder, second };
}

/** A look at the connections lets others have their turn between its steps. It is over before the clock goes on. */
async function looked() {
  for (let step = 0; step < 5; step++) await breathe();
}

test('rates per second, whatever the second’s length', () => {
  const totals = (n: number) => ({
    bytes: { bypass: n, stack: 2 * n },
    messages: { bypass: 3 * n, stack: 4 * n },
    events: { sent: 5 * n, lost: 0 },
    untracked: 0,
    leftOut: 7 * n,
  });
  expect(pointBetween(totals(0), totals(100), 2, 7, { bypass: 1, stack: 2 })).toEqual({
    at: 7,
    bytes: { bypass: 50, stack: 100 },
    messages: { bypass: 150, stack: 200 },
    connections: { bypass: 1, stack: 2 },
    events: 250,
  });
  expect(pointBetween(totals(100), totals(10), 1, 7, NONE).bytes).toEqual({ bypass: 10, stack: 20 });
});

test('the mean of nothing is nothing', () => {
  expect(meanOf([], 0)).toBeNull();
});

test('five minutes of seconds', async () => {
  const { recorder, second } = recording();
  for (let n = 1; n <= 400; n++) second(n, 1);
  const { interval, points } = await recorder.history('5m');
  expect(interval).toBe(1000);
  expect(points).toHaveLength(300);
  expect(points[0]?.messages).toEqual({ bypass: 101, stack: 1 });
  expect(points.at(-1)).toMatchObject({
    messages: { bypass: 400, stack: 1 },
    bytes: { bypass: 25_600, stack: 64 },
    events: 1,
  });
});

test('an hour in means over twelve seconds, at most 300 points', async () => {
  const { recorder, second } = recording();
  for (let n = 0; n < 4000; n++) second(n % 12, 6);
  const { interval, points } = await recorder.history('1h');
  expect(interval).toBe(12_000);
  expect(points.length).toBeGreaterThan(295);
  expect(points.length).toBeLessThanOrEqual(300);
  expect(points[100]?.messages.bypass).toBeCloseTo(5.5, 5);
  expect(points[100]?.messages.stack).toBeCloseTo(6, 5);
  const gaps = points.slice(1).map(({ at }, index) => at - (points[index]?.at ?? 0));
  expect(new Set(gaps)).toEqual(new Set([12_000]));
});

test.each([
  ['24h', 288_000],
  ['7d', 2_016_000],
] as const)('%s is down-sampled to at most 300 points', (_range, interval) => {
  const store = new StatisticsStore(memoryDatabase());
  const now = START + 10 * 86_400_000;
  const first = now - interval * 320;
  for (let at = first; at < now; at += 12_000) {
    store.add({ at, bytes: { bypass: 10, stack: 20 }, messages: NONE, connections: NONE, events: 1 }, 12);
  }
  const points = store.points(now - interval * 300, now, interval);
  expect(points.length).toBeGreaterThanOrEqual(299);
  expect(points.length).toBeLessThanOrEqual(301);
  expect(points[5]).toMatchObject({ bytes: { bypass: 10, stack: 20 }, events: 1 });
  expect(points.every(({ at }) => at % interval === 0)).toBe(true);
});

test('a point of few seconds weighs less', () => {
  const store = new StatisticsStore(memoryDatabase());
  const point = (at: number, events: number) => ({
    at,
    bytes: NONE,
    messages: NONE,
    connections: NONE,
    events,
  });
  store.add(point(START, 100), 1);
  store.add(point(START + 12_000, 0), 9);
  expect(store.points(START, START + 288_000, 288_000)).toMatchObject([{ events: 10 }]);
});

test('history outlives the daemon, and time without one is missing', async () => {
  const database = memoryDatabase();
  const before = recording(database);
  for (let n = 0; n < 60; n++) before.second(6);
  before.recorder.flush();
  const after = recording(database, START + 600_000);
  for (let n = 0; n < 60; n++) after.second(3);
  after.recorder.flush();
  const { points } = await after.recorder.history('1h');
  expect(points.map(({ messages }) => messages.bypass)).toEqual([6, 6, 6, 6, 6, 6, 3, 3, 3, 3, 3, 3]);
});

test('while acceleration is off nothing is counted, and the time goes on', async () => {
  const { clock, dataPlane, recorder, second } = recording();
  for (let n = 0; n < 15; n++) second(6);
  dataPlane.enabled = false;
  for (let n = 0; n < 60; n++) second();
  for (const range of ['5m', '1h'] as const) {
    const { points, until } = await recorder.history(range);
    expect(until).toBe(clock.ms);
    expect(points).toHaveLength(range === '5m' ? 15 : 2);
    expect(points.map(({ messages }) => messages.bypass)).toEqual(points.map(() => 6));
  }
  dataPlane.enabled = true;
  recorder.restart();
  second(9);
  expect((await recorder.history('5m')).points.map(({ messages }) => messages.bypass).slice(-2)).toEqual([
    6, 9,
  ]);
});

test('what is older than a week is forgotten', () => {
  const store = new StatisticsStore(memoryDatabase());
  store.add({ at: START, bytes: NONE, messages: NONE, connections: NONE, events: 0 }, 12);
  store.addMark({ at: START, word: 'enabled' });
  store.forgetOld(START + 7 * 86_400_000);
  expect([store.points(0, LATEST, 12_000).length, store.marks(0, LATEST).length]).toEqual([1, 1]);
  store.forgetOld(START + 8 * 86_400_000);
  expect([store.points(0, LATEST, 12_000).length, store.marks(0, LATEST).length]).toEqual([0, 0]);
});

test('marks stand in every range that covers them', async () => {
  const { clock, recorder } = recording();
  recorder.mark('enabled');
  clock.ms += 600_000;
  recorder.mark('disabled');
  const words = async (range: '5m' | '1h' | '7d') =>
    (await recorder.history(range)).marks.map(({ word }) => word);
  expect(await words('5m')).toEqual(['disabled']);
  expect(await words('1h')).toEqual(['enabled', 'disabled']);
  expect(await words('7d')).toEqual(['enabled', 'disabled']);
});

test('the last second is left out when the clock was set', async () => {
  const { clock, recorder, second } = recording();
  second(1);
  clock.ms += 3_600_000;
  second(1);
  clock.ms -= 7_200_000;
  second(1);
  second(1);
  expect((await recorder.history('5m')).points.length).toBeLessThanOrEqual(2);
});

test('counters that were reset do not look like a burst', async () => {
  const { dataPlane, counters, recorder, second } = recording();
  second(1000);
  dataPlane.kernel.totals = new FakeKernel().totals;
  counters.reset();
  recorder.restart();
  second(5);
  expect((await recorder.history('5m')).points.at(-1)?.messages.bypass).toBe(5);
});

test('connections are counted every second while somebody follows, else every ten', async () => {
  const { dataPlane, recorder, second } = recording();
  dataPlane.kernel.open = [connection({ id: '1', clientToServer: bypassing(1) }), connection({ id: '2' })];
  for (let n = 0; n < 30; n++) {
    await looked();
    second();
  }
  expect(dataPlane.calls.connections).toBeLessThanOrEqual(4);

  const before = dataPlane.calls.connections;
  const following = take((signal) => recorder.follow(signal), 10);
  for (let n = 0; n < 10; n++) {
    await looked();
    second();
  }
  const points = await following;
  expect(points.at(-1)?.connections).toEqual({ bypass: 1, stack: 1 });
  expect(dataPlane.calls.connections - before).toBe(10);
});

test('connections are counted every second while those that were open before are still being found', async () => {
  const { dataPlane, recorder, second } = recording();
  dataPlane.kernel.open = [connection({ id: '1' })];
  recorder.restart();
  const counted = async (seconds: number) => {
    const before = dataPlane.calls.connections;
    for (let n = 0; n < seconds; n++) {
      second();
      await looked();
    }
    return dataPlane.calls.connections - before;
  };
  expect(await counted(14)).toBe(14);
  expect(await counted(30)).toBeLessThanOrEqual(4);
});

test.each([
  ['forward', 7_200_000],
  ['back', -7_200_000],
])(
  'a clock that is set %s breaks no second off, and nothing is shown that is later than now',
  async (way, step) => {
    const { clock, log, recorder, second } = recording();
    for (let n = 0; n < 30; n++) second(5);
    clock.set = step;
    for (let n = 0; n < 30; n++) second(7);
    const now = clock.ms + clock.set;
    for (const range of ['5m', '1h'] as const) {
      const { points, marks } = await recorder.history(range);
      const times = points.map(({ at }) => at);
      expect(times).toEqual([...times].sort((one, other) => one - other));
      expect(Math.max(...times)).toBeLessThanOrEqual(now);
      expect(points.at(-1)?.messages.bypass).toBe(7);
      expect(marks).toEqual([{ at: now - 29_000, word: 'clock set' }]);
    }
    const { points } = await recorder.history('5m');
    expect(points.filter(({ messages }) => messages.bypass === 7)).toHaveLength(30);
    // Set back, the last minutes stay in sight; set forward, they lie hours ago.
    expect(points.filter(({ messages }) => messages.bypass === 5)).toHaveLength(way === 'back' ? 30 : 0);
    expect(log).toEqual([
      `The clock of this host was set ${way} by 7200 s. Times that were written down before stay as they are.`,
    ]);
  },
);
