import type { Connection, ConnectionFrame, ConnectionPage } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { deltaOf } from '../../src/connections/delta.ts';
import { bypassing, connection, end, onStack } from '../support/connection.ts';

const page = (...rows: Connection[]): ConnectionPage => ({ rows, matching: rows.length, total: rows.length });

/** What a reader holds after a frame. */
function applied(held: readonly Connection[], frame: ConnectionFrame): Connection[] {
  if (frame.type === 'snapshot') return frame.rows;
  const byId = new Map([...held, ...frame.changed].map((row) => [row.id, row]));
  return frame.order.flatMap((id) => byId.get(id) ?? []);
}

test('nothing to tell when nothing has changed', () => {
  expect(deltaOf(page(connection()), page(connection()))).toBeNull();
});

describe('a change of', () => {
  const before = connection({ clientToServer: onStack('warming up', 1) });
  test.each([
    ['the path', { clientToServer: bypassing(1) }],
    ['the reason', { clientToServer: onStack('streaming', 1) }],
    ['a counter', { clientToServer: onStack('warming up', 2) }],
    ['the other direction', { serverToClient: onStack('warming up', 2) }],
    ['the rate', { clientToServer: { ...before.clientToServer, rate: { bytes: 1, messages: 0 } } }],
    ['the process', { server: end({ port: 6379, pid: 201, comm: 'redis-server' }) }],
    ['being open', { open: false, closedAt: '2026-01-01T00:00:09.000000Z' }],
  ] satisfies [string, Partial<Connection>][])('%s is told', (_words, change) => {
    const after = { ...before, ...change };
    expect(deltaOf(page(before), page(after))).toEqual({
      type: 'delta',
      changed: [after],
      order: ['1'],
      matching: 1,
      total: 1,
    });
  });
});

test('only the rows that changed are sent', () => {
  const rows = Array.from({ length: 100 }, (_, id) => connection({ id: String(id) }));
  const after = rows.map((row) => (row.id === '42' ? { ...row, clientToServer: bypassing(1) } : row));
  expect(deltaOf(page(...rows), page(...after))).toMatchObject({ changed: [{ id: '42' }] });
});

test('rows that come, go and move', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => connection({ id })) as [Connection, Connection, Connection];
  expect(deltaOf(page(a, b), page(b, a))).toMatchObject({ changed: [], order: ['b', 'a'] });
  expect(deltaOf(page(a, b), page(b))).toMatchObject({ changed: [], order: ['b'] });
  expect(deltaOf(page(a), page(a, c))).toMatchObject({ changed: [{ id: 'c' }], order: ['a', 'c'] });
});

test('counts that change without a row are told', () => {
  expect(deltaOf(page(), { rows: [], matching: 3, total: 7 })).toMatchObject({
    changed: [],
    matching: 3,
    total: 7,
  });
});

test('a reader that applies the frames holds what the server holds', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  let server: Connection[] = [];
  let reader: Connection[] = [];
  for (let round = 0; round < 300; round++) {
    const before = page(...server);
    server = server
      .filter(() => random(5) > 0)
      .map((row) => (random(3) > 0 ? row : { ...row, clientToServer: bypassing(round) }));
    server.splice(random(server.length + 1), 0, connection({ id: `new-${round}` }));
    if (random(2) === 0) server.reverse();
    const frame = deltaOf(before, page(...server));
    if (frame) reader = applied(reader, frame);
    expect(reader).toEqual(server);
  }
});
