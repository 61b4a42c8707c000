import type { Connection, ConnectionFrame, ConnectionView } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { applyFrame as apply, FRESH_LIMIT, GONE_LIMIT, type Page } from './page.ts';

function connection(id: string, port = 1): Connection {
  const end = { address: '127.0.0.1', port, netns: '1', cgroup: '1', pid: 1, comm: 'x' };
  const direction = {
    path: 'stack' as const,
    reason: 'warming up' as const,
    bytes: { bypass: 0, stack: 0 },
    messages: { bypass: 0, stack: 0 },
    rate: { bytes: 0, messages: 0 },
  };
  return {
    id,
    open: true,
    openedAt: '2026-01-01T00:00:00Z',
    closedAt: null,
    client: end,
    server: end,
    clientToServer: direction,
    serverToClient: direction,
  };
}

const everything: ConnectionView = {
  includeClosed: false,
  sort: 'age',
  descending: false,
  offset: 0,
  limit: 500,
};
const applyFrame = (page: Page | null, frame: ConnectionFrame, frozen: boolean, view = everything) =>
  apply(page, frame, view, frozen);
const snapshot = (...ids: string[]): ConnectionFrame => ({
  type: 'snapshot',
  rows: ids.map((id) => connection(id)),
  matching: ids.length,
  total: ids.length,
});
const delta = (order: string[], changed: Connection[] = []): ConnectionFrame => ({
  type: 'delta',
  changed,
  order,
  matching: order.length,
  total: order.length,
});
const start = (...ids: string[]) => applyFrame(null, snapshot(...ids), false);
const gone = (page: Page) => page.order.filter((id) => page.rows.get(id)?.gone);

test('a snapshot starts over', () => {
  const page = applyFrame(start('a', 'b'), snapshot('c'), false);
  expect(page.order).toEqual(['c']);
  expect([...page.rows.keys()]).toEqual(['c']);
  expect(page.rows.get('c')?.fresh).toBe(false);
});

test('a delta replaces changed rows and keeps the others', () => {
  const before = start('a', 'b');
  const page = applyFrame(before, delta(['a', 'b'], [connection('b', 9)]), false);
  expect(page.rows.get('b')?.connection.client.port).toBe(9);
  expect(page.rows.get('b')?.fresh).toBe(false);
  expect(page.rows.get('a')).toBe(before.rows.get('a'));
});

test('new rows take their place and are fresh', () => {
  const page = applyFrame(start('a', 'c'), delta(['a', 'b', 'c'], [connection('b')]), false);
  expect(page.order).toEqual(['a', 'b', 'c']);
  expect(page.rows.get('b')?.fresh).toBe(true);
});

test.each([
  [FRESH_LIMIT, true],
  [FRESH_LIMIT + 1, false],
])('of %i new rows at once each is fresh: %s', (count, fresh) => {
  const ids = Array.from({ length: count }, (_, index) => `n${index}`);
  const added = ids.map((id) => connection(id));
  // A row that only changed is no new one.
  const page = applyFrame(start('a'), delta(['a', ...ids], [connection('a', 9), ...added]), false);
  expect(ids.map((id) => page.rows.get(id)?.fresh)).toEqual(ids.map(() => fresh));
  expect(page.rows.get('a')?.fresh).toBe(false);
});

test('the order of the daemon is followed', () => {
  expect(applyFrame(start('a', 'b', 'c'), delta(['c', 'a', 'b']), false).order).toEqual(['c', 'a', 'b']);
});

test('while frozen no row moves and new ones wait at the end', () => {
  const page = applyFrame(start('a', 'b'), delta(['c', 'b', 'a'], [connection('c')]), true);
  expect(page.order).toEqual(['a', 'b', 'c']);
  expect(applyFrame(page, delta(['c', 'b', 'a']), false).order).toEqual(['c', 'b', 'a']);
});

test('rows that left fade where they stand, until the next snapshot', () => {
  let page = applyFrame(start('a', 'b', 'c'), delta(['a', 'c']), false);
  expect(page.order).toEqual(['a', 'b', 'c']);
  expect(gone(page)).toEqual(['b']);
  expect(page.matching).toBe(2);
  page = applyFrame(page, delta(['c', 'a']), false);
  expect(page.order).toEqual(['c', 'a', 'b']);
  expect(applyFrame(page, snapshot('c', 'a'), false).order).toEqual(['c', 'a']);
});

test('a row that left first stays first', () => {
  expect(applyFrame(start('a', 'b'), delta(['b']), false).order).toEqual(['a', 'b']);
});

test('a row that comes back is whole again', () => {
  const left = applyFrame(start('a', 'b'), delta(['a']), false);
  const page = applyFrame(left, delta(['a', 'b'], [connection('b')]), false);
  expect(gone(page)).toEqual([]);
  expect(page.order).toEqual(['a', 'b']);
});

test('an id that was never described is not shown', () => {
  expect(applyFrame(start('a'), delta(['a', 'z']), false).order).toEqual(['a']);
});

test('only the latest faded rows are kept', () => {
  const ids = Array.from({ length: GONE_LIMIT + 10 }, (_, index) => `c${index}`);
  const page = applyFrame(start(...ids, 'last'), delta(['last']), false);
  expect(gone(page)).toHaveLength(GONE_LIMIT);
  expect(page.rows.has('c0')).toBe(false);
  expect(page.rows.has(`c${GONE_LIMIT + 9}`)).toBe(true);
  expect(page.rows.size).toBe(page.order.length);
});

test.each<[string, Partial<ConnectionView>]>([
  ['another path', { path: 'stack' }],
  ['another reason', { reason: 'streaming' }],
  ['another page', { limit: 1 }],
  ['a page before', { offset: 500 }],
])('a row that may only have gone to %s is not called closed', (_, part) => {
  const view = { ...everything, ...part };
  const before = apply(null, snapshot('a', 'b'), view, false);
  expect(apply(before, delta(['b']), view, false).order).toEqual(['b']);
  const still = apply(before, delta(['b']), view, true);
  expect(still.order).toEqual(['a', 'b']);
  expect(still.rows.get('a')?.gone).toBe('moved');
  expect(apply(still, delta(['b']), view, false).order).toEqual(['b']);
});
