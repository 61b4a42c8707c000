import type { Event } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { eventFromDaemon, type UnnumberedEvent } from '../../src/events/convert.ts';
import { EventFeed } from '../../src/events/feed.ts';
import { Journal } from '../../src/events/journal.ts';
import { memoryDatabase } from '../../src/state/database.ts';
import { Facts } from '../../src/state/facts.ts';
import { Counters } from '../../src/statistics/counters.ts';
import { take } from '../support/collect.ts';
import { FakeDataPlane } from '../support/fake-data-plane.ts';

const event = (change: Partial<UnnumberedEvent> = {}): UnnumberedEvent => ({
  ...eventFromDaemon('enabled', 0, null),
  ...change,
});
const many = (count: number, change?: Partial<UnnumberedEvent>) =>
  Array.from({ length: count }, () => event(change));
const seqs = (events: readonly Event[]) => events.map(({ seq }) => seq);

function feeding({ database = memoryDatabase(), capacity = 100 } = {}) {
  const dataPlane = new FakeDataPlane();
  dataPlane.enabled = true;
  const journal = new Journal(new Facts(database), capacity);
  const counters = new Counters(dataPlane);
  return { dataPlane, journal, counters, feed: new EventFeed(journal, counters) };
}

describe('numbering', () => {
  test('goes on after a restart, without a gap', () => {
    const database = memoryDatabase();
    const first = feeding({ database });
    first.journal.append(many(3));
    first.journal.append(many(2));
    const second = feeding({ database });
    second.journal.append(many(1));
    expect(second.journal.log.newest).toBe(6);
  });

  test('a number is on disk before anybody sees its event', async () => {
    const database = memoryDatabase();
    const { journal } = feeding({ database });
    const seen = journal.log.changes
      .after(0, new AbortController().signal)
      .then(() => new Facts(database).get('events.newest'));
    journal.append(many(4));
    expect(await seen).toMatchObject({ newest: 4 });
  });

  test('a number that makes no sense starts afresh', () => {
    const database = memoryDatabase();
    new Facts(database).set('events.newest', 'seven');
    expect(feeding({ database }).journal.log.newest).toBe(0);
  });

  test('goes on from where the first version of Sidestep kept it', () => {
    const database = memoryDatabase();
    new Facts(database).set('events.newest', 7);
    expect(feeding({ database }).journal.log.newest).toBe(7);
  });
});

describe('list', () => {
  test('the newest that pass the filter, oldest first, page by page', async () => {
    const { journal, feed } = feeding();
    journal.append(many(3, { kind: 'paired', connection: '7' }));
    journal.append(many(3, { kind: 'closed', connection: '7' }));
    journal.append(many(3, { kind: 'closed', connection: '8' }));
    expect(seqs((await feed.list({ limit: 2 })).events)).toEqual([8, 9]);
    expect(seqs((await feed.list({ limit: 2, before: 8 })).events)).toEqual([6, 7]);
    expect(seqs((await feed.list({ limit: 9, kinds: ['closed'] })).events)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(seqs((await feed.list({ limit: 9, kinds: ['closed'], connection: '7' })).events)).toEqual([
      4, 5, 6,
    ]);
    expect(seqs((await feed.list({ limit: 9, kinds: [] })).events)).toEqual([]);
  });

  test('tells what the kernel delivered and what it lost', async () => {
    const { dataPlane, counters, feed } = feeding();
    dataPlane.kernel.lose(3);
    dataPlane.kernel.totals = { ...dataPlane.kernel.totals, events: { sent: 10, lost: 3 } };
    counters.refresh();
    expect(await feed.list({ limit: 1 })).toMatchObject({ received: 7, lost: 3 });
  });
});

describe('follow', () => {
  test('the first batch tells where the reader stands, also when there is nothing yet', async () => {
    const { journal, feed } = feeding();
    journal.append(many(5));
    const [first] = await take((signal) => feed.follow({}, null, signal), 1);
    expect(first).toEqual({ last: 5, batch: { events: [], received: 0, lost: 0, missed: 0 } });
  });

  test('what comes between two batches comes in one', async () => {
    const { journal, feed } = feeding();
    const ending = new AbortController();
    const reader = feed.follow({}, null, ending.signal)[Symbol.asyncIterator]();
    await reader.next();
    journal.append(many(2));
    journal.append(many(3));
    const { value } = await reader.next();
    expect(seqs(value.batch.events)).toEqual([1, 2, 3, 4, 5]);
    ending.abort();
    expect((await reader.next()).done).toBe(true);
  });

  test('resuming after every single batch misses and repeats nothing', async () => {
    const { journal, feed } = feeding({ capacity: 10_000 });
    const got: number[] = [];
    let last = 0;
    for (let round = 0; round < 50; round++) {
      journal.append(many(round % 7));
      const [first] = await take((signal) => feed.follow({}, last, signal), 1);
      got.push(...seqs(first?.batch.events ?? []));
      last = first?.last ?? last;
    }
    expect(got).toEqual(Array.from({ length: journal.log.newest }, (_, index) => index + 1));
  });

  test('a reader that was away for too long learns how many it missed', async () => {
    const { journal, feed } = feeding({ capacity: 10 });
    journal.append(many(25));
    const [first] = await take((signal) => feed.follow({}, 5, signal), 1);
    expect(first?.batch.missed).toBe(10);
    expect(seqs(first?.batch.events ?? [])).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  });

  test('a number of another state folder starts at the newest', async () => {
    const { journal, feed } = feeding();
    journal.append(many(3));
    const [first] = await take((signal) => feed.follow({}, 1_000_000, signal), 1);
    expect(first).toMatchObject({ last: 3, batch: { events: [], missed: 0 } });
  });

  test('a long backlog comes in portions', async () => {
    const { journal, feed } = feeding({ capacity: 5000 });
    journal.append(many(2500));
    const batches = await take((signal) => feed.follow({}, 0, signal), 3);
    expect(batches.map(({ batch }) => batch.events.length)).toEqual([1000, 1000, 500]);
  });

  test('a reader that filters everything out still learns how far it has come', async () => {
    const { journal, feed } = feeding({ capacity: 20_000 });
    const ending = new AbortController();
    const reader = feed.follow({ kinds: ['lost'] }, null, ending.signal)[Symbol.asyncIterator]();
    await reader.next();
    const next = reader.next();
    for (let round = 0; round < 12; round++) {
      journal.append(many(500));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { value } = await next;
    expect(value.last).toBeGreaterThanOrEqual(5000);
    expect(value.batch.events).toEqual([]);
    ending.abort();
    await reader.next();
  });

  test('a thousand readers that left leave nothing behind', async () => {
    const { journal, feed } = feeding();
    await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const ending = new AbortController();
        const reader = feed.follow({}, null, ending.signal)[Symbol.asyncIterator]();
        await reader.next();
        const waiting = reader.next();
        ending.abort();
        await waiting;
      }),
    );
    expect(journal.log.changes.waiting).toBe(0);
  });
});
