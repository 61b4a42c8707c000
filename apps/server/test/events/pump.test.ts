import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '@sidestep/shared';
import { expect, test } from 'vitest';
import type { DataPlaneEvent } from '../../src/dataplane/dataplane.ts';
import { eventFromDaemon, eventFromKernel, isoOfMicroseconds } from '../../src/events/convert.ts';
import { Journal } from '../../src/events/journal.ts';
import { Pump } from '../../src/events/pump.ts';
import { Database, memoryDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { Counters } from '../../src/statistics/counters.ts';
import { bypassing, connection, end, onStack } from '../support/connection.ts';
import { FakeDataPlane, FakeKernel } from '../support/fake-data-plane.ts';
import { temporaryFolder } from '../support/folder.ts';

const OPENED = Date.parse('2026-01-01T00:00:00Z') * 1000;
const paired: DataPlaneEvent = {
  kind: 'paired',
  at: OPENED,
  connection: connection(),
  listener: null,
  reason: null,
};

/** A pump that has begun. */
function pumping({ kernel = new FakeKernel(), facts = new Facts(memoryDatabase()) } = {}) {
  const clock = { ms: 0 };
  const dataPlane = new FakeDataPlane(kernel);
  dataPlane.enabled = true;
  const journal = new Journal(facts);
  const counters = new Counters(dataPlane);
  const closed: Connection[] = [];
  const pump = new Pump({
    dataPlane,
    counters,
    journal,
    now: () => clock.ms,
    steady: () => clock.ms,
    onClosed: (one) => closed.push(one),
  });
  const kinds = () => journal.log.after(0, 100_000).entries.map(({ kind }) => kind);
  const second = () => {
    counters.refresh();
    pump.noteLost();
  };
  const events = () =>
    journal.log.after(0, 100_000).entries.map(({ seq, kind, count }) => [seq, kind, count]);
  counters.refresh();
  pump.begin();
  return { clock, dataPlane, facts, counters, journal, pump, closed, kinds, events, second };
}

test('times have microseconds', () => {
  expect(isoOfMicroseconds(OPENED + 1_234_567)).toBe('2026-01-01T00:00:01.234567Z');
  expect(isoOfMicroseconds(OPENED + 7)).toBe('2026-01-01T00:00:00.000007Z');
});

test('a listener is the server of its event', () => {
  const listener = end({ port: 80, comm: 'nginx', pid: 7 });
  expect(
    eventFromKernel({ kind: 'listening', at: OPENED, connection: null, listener, reason: null }),
  ).toEqual({
    at: '2026-01-01T00:00:00.000000Z',
    kind: 'listening',
    connection: null,
    client: null,
    server: { address: '127.0.0.1', port: 80, pid: 7, comm: 'nginx' },
    reason: null,
    bytes: null,
    messages: null,
    duration: null,
    count: null,
  });
});

test('a closed connection comes with totals of both directions and its duration', () => {
  const one = connection({ clientToServer: bypassing(10), serverToClient: onStack('streaming', 3, 1000) });
  const closed = eventFromKernel({
    kind: 'closed',
    at: OPENED + 2_500_000,
    connection: one,
    listener: null,
    reason: null,
  });
  expect(closed).toMatchObject({
    bytes: { bypass: 640, stack: 1000 },
    messages: { bypass: 10, stack: 3 },
    duration: 2.5,
  });
  expect(eventFromKernel({ ...paired, connection: one })).toMatchObject({
    bytes: null,
    messages: null,
    duration: null,
  });
});

test('events come in order, and the data plane is let go on', () => {
  const { dataPlane, pump, kinds } = pumping();
  dataPlane.kernel.emit(
    paired,
    { ...paired, kind: 'bypassed' },
    { ...paired, kind: 'left', reason: 'streaming' },
  );
  pump.turn();
  expect(kinds()).toEqual(['paired', 'bypassed', 'left']);
  expect(dataPlane.calls.tend).toBe(1);
});

test('a flood of events is taken in turns, one soon after the other, so that others have theirs', () => {
  const { pump, dataPlane, journal } = pumping();
  const count = 60_000;
  dataPlane.kernel.emit(...Array.from({ length: count }, () => paired));
  pump.turn();
  expect(journal.log.newest).toBeLessThan(count);
  while (journal.log.newest < count) {
    expect(pump.rest).toBe(1);
    pump.turn();
  }
  pump.turn();
  expect(pump.rest).toBe(20);
});

test('nothing is asked of a data plane that is not loaded', () => {
  const { dataPlane, pump } = pumping();
  dataPlane.enabled = false;
  expect(() => pump.turn()).not.toThrow();
});

test('closed connections are remembered as such', () => {
  const { dataPlane, pump, closed } = pumping();
  dataPlane.kernel.emit({ ...paired, kind: 'closed', at: OPENED + 5 });
  pump.turn();
  expect(closed).toMatchObject([{ id: '1', open: false, closedAt: '2026-01-01T00:00:00.000005Z' }]);
});

test('losses leave a mark with their count, once', () => {
  const { dataPlane, pump, journal, second } = pumping();
  dataPlane.kernel.lose(5);
  second();
  second();
  dataPlane.kernel.lose(2);
  second();
  expect(journal.log.after(0, 10).entries.map(({ kind, count }) => [kind, count])).toEqual([
    ['lost', 5],
    ['lost', 2],
  ]);
  pump.take();
  expect(journal.log.newest).toBe(2);
});

test('a process that is killed at any moment repeats no number, and the next one passes no event over', () => {
  const first = pumping();
  const { dataPlane, facts } = first;
  dataPlane.kernel.emit(paired, { ...paired, kind: 'bypassed' });
  first.pump.take();
  dataPlane.kernel.emit({ ...paired, kind: 'left' });
  // Killed between showing the event and releasing it.
  dataPlane.releaseEvents = () => {
    throw new Error('killed');
  };
  expect(() => first.pump.take()).toThrow('killed');
  expect(first.events()).toEqual([
    [1, 'paired', null],
    [2, 'bypassed', null],
    [3, 'left', null],
  ]);
  dataPlane.kernel.emit({ ...paired, kind: 'closed' });
  dataPlane.kernel.lose(3);

  const second = pumping({ kernel: dataPlane.kernel, facts });
  // Before anybody asks, what waits has its number, and the one that was shown has the same.
  expect(second.events()).toEqual([
    [3, 'left', null],
    [4, 'closed', null],
  ]);
  second.second();
  expect(second.events().at(-1)).toEqual([5, 'lost', 3]);
  // Whoever had seen one says so, and is told how many have gone with the process.
  expect(second.journal.log.after(1, 10)).toMatchObject({ missed: 1, last: 5 });
});

test('how far it is is kept before an event of its own, and else once a second', () => {
  const { dataPlane, facts, pump, journal, second } = pumping();
  const kept = () => facts.get('events.newest');
  dataPlane.kernel.emit(paired, paired);
  pump.take();
  expect(kept()).toMatchObject({ newest: 0, place: { taken: 0 } });
  second();
  expect(kept()).toMatchObject({ newest: 2, place: { taken: 2 } });
  dataPlane.kernel.emit(paired);
  pump.take();
  journal.append([eventFromDaemon('disabled', 0, null)]);
  expect(kept()).toMatchObject({ newest: 4, place: { taken: 3 } });

  const { set } = facts;
  let times = 0;
  facts.set = (...values) => {
    times++;
    set.apply(facts, values);
  };
  second();
  expect(times).toBe(0);
});

test('where the ring has gone with a process no number is given twice, and none is left out after a clean end', () => {
  const first = pumping();
  first.dataPlane.kernel.emit(paired, paired);
  first.pump.take();
  const shown = first.journal.log.newest;

  const second = pumping({ facts: first.facts });
  expect(second.journal.log.newest).toBeGreaterThan(shown);
  second.dataPlane.kernel.emit(paired);
  second.pump.take();
  const last = second.journal.log.newest;
  second.journal.end();
  expect(pumping({ facts: second.facts }).journal.log.newest).toBe(last);
});

test('of a flood no number is shown that is far beyond what was kept', () => {
  const first = pumping();
  for (let batch = 0; batch < 10; batch++) {
    first.dataPlane.kernel.emit(...Array.from({ length: 500 }, () => paired));
    first.pump.take();
    const facts = new Facts(memoryDatabase());
    facts.set('events.newest', first.facts.get('events.newest'));
    expect(pumping({ facts }).journal.log.newest).toBeGreaterThanOrEqual(first.journal.log.newest);
  }
});

test('what an earlier daemon has noted is not noted again, and what it has not is', () => {
  const first = pumping();
  const { dataPlane, facts } = first;
  dataPlane.kernel.lose(5);
  first.second();
  dataPlane.kernel.lose(2);
  const second = pumping({ kernel: dataPlane.kernel, facts });
  second.second();
  second.second();
  expect(second.events()).toEqual([[2, 'lost', 2]]);
});

test('losses that a daemon with another journal has seen are not ours', () => {
  const first = pumping();
  first.dataPlane.kernel.lose(5);
  first.second();
  const second = pumping({ kernel: first.dataPlane.kernel });
  second.second();
  expect(second.events()).toEqual([]);
});

test('looks often while something happens, and seldom when nothing does', () => {
  const { clock, dataPlane, pump } = pumping();
  expect(pump.rest).toBe(100);

  dataPlane.kernel.unfinished = true;
  pump.turn();
  expect(pump.rest).toBe(4);
  dataPlane.kernel.unfinished = false;
  pump.turn();
  expect(pump.rest).toBe(100);
  dataPlane.kernel.emit(paired);
  pump.turn();
  expect(pump.rest).toBe(20);
  clock.ms = 1999;
  expect(pump.rest).toBe(20);
  clock.ms = 2000;
  expect(pump.rest).toBe(100);
});

test('does not hurry for ever where connections cannot be finished', () => {
  const { clock, dataPlane, pump } = pumping();
  dataPlane.kernel.unfinished = true;
  for (clock.ms = 0; clock.ms < 1000; clock.ms += 100) {
    pump.turn();
    expect(pump.rest).toBe(4);
  }
  pump.turn();
  expect(pump.rest).toBe(20);

  dataPlane.kernel.unfinished = false;
  pump.turn();
  dataPlane.kernel.unfinished = true;
  pump.turn();
  expect(pump.rest).toBe(4);
});

test('a disk that takes nothing costs no event, and no number', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sidestep.db');
  using database = new Database(path);
  rmSync(path);
  mkdirSync(path);
  expect(() => database.restore()).toThrow();
  const { dataPlane, pump, closed, kinds, facts, second } = pumping({ facts: new Facts(database) });
  dataPlane.kernel.emit(paired, { ...paired, kind: 'closed' });
  pump.turn();
  expect(kinds()).toEqual(['paired', 'closed']);
  expect(closed).toHaveLength(1);
  second();
  rmdirSync(path);
  database.restore();
  expect(facts.get('events.newest')).toMatchObject({ newest: 2 });
});
