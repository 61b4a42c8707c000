import { expect, test } from 'vitest';
import { ClosedConnections } from '../../src/connections/closed.ts';
import { connection } from '../support/connection.ts';

const closedAt = (id: string, ms: number) =>
  connection({ id, open: false, closedAt: new Date(ms).toISOString() });
const ids = (closed: ClosedConnections) => closed.list().map(({ id }) => id);

test('forgets after ten minutes', () => {
  const clock = { ms: 0 };
  const closed = new ClosedConnections(() => clock.ms);
  closed.add(closedAt('1', 0));
  clock.ms = 300_000;
  closed.add(closedAt('2', 300_000));
  clock.ms = 599_999;
  expect(ids(closed)).toEqual(['1', '2']);
  clock.ms = 600_000;
  expect(ids(closed)).toEqual(['2']);
  clock.ms = 900_000;
  expect(ids(closed)).toEqual([]);
});

test('keeps the newest thousand', () => {
  const closed = new ClosedConnections(() => 0);
  for (let id = 0; id < 1500; id++) closed.add(closedAt(String(id), 1));
  expect(closed.list()).toHaveLength(1000);
  expect(closed.has('499')).toBe(false);
  expect(closed.has('500')).toBe(true);
});
