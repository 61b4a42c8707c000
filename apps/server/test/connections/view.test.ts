import { type Connection, type ConnectionView, connectionViewSchema } from '@sidestep/shared';
import { describe, expect, test } from 'vitest';
import { ListedConnections } from '../../src/connections/listed.ts';
import { nameOf, pageOf as pageOfTables } from '../../src/connections/view.ts';
import { bypassing, connection, end, onStack } from '../support/connection.ts';

const pageOf = (open: Connection[], closed: Connection[], view: ConnectionView) =>
  pageOfTables(ListedConnections.all(open), ListedConnections.all(closed), view);

const redis = connection({
  id: '1',
  openedAt: '2026-01-01T00:00:01.000000Z',
  client: end({ comm: 'node', pid: 4121, port: 40_001 }),
  server: end({ comm: 'redis-server', pid: 900, port: 6379 }),
  clientToServer: bypassing(100),
  serverToClient: bypassing(100),
});
const postgres = connection({
  id: '2',
  openedAt: '2026-01-01T00:00:03.000000Z',
  client: end({ comm: 'php', pid: 990, address: '::1', port: 40_002 }),
  server: end({ comm: 'Postgres', pid: 800, address: '::1', port: 5432 }),
  clientToServer: onStack('blocking reader', 5),
  serverToClient: onStack('streaming', 7, 99_999),
});
const nginx = connection({
  id: '10',
  openedAt: '2026-01-01T00:00:02.000000Z',
  client: end({ comm: 'wrk', pid: 5000, address: '10.0.0.1', port: 40_003 }),
  server: end({ comm: 'nginx', pid: 700, address: '10.0.0.1', port: 80 }),
  clientToServer: onStack('blocking reader', 50),
  serverToClient: bypassing(1),
});
const gone = connection({
  id: '3',
  open: false,
  closedAt: '2026-01-01T00:00:09.000000Z',
  openedAt: '2026-01-01T00:00:00.000000Z',
});

function ids(view: Partial<ConnectionView>, open: Connection[] = [redis, postgres, nginx]): string {
  return pageOf(open, [gone], connectionViewSchema.parse(view))
    .rows.map(({ id }) => id)
    .join(' ');
}

test('rows of an earlier look whose connections have gone are left out', () => {
  const { rows, table, rates } = ListedConnections.all([redis]);
  const earlier = { table, rates, rows: Uint32Array.of(...rows, 7) };
  const page = pageOfTables(earlier, ListedConnections.all([]), connectionViewSchema.parse({}));
  expect(page.rows.map(({ id }) => id)).toEqual(['1']);
  expect(page.matching).toBe(1);
});

describe('filters', () => {
  test.each([
    ['one connection by its id', { id: '10' }, '10'],
    ['a process name', { text: 'redis' }, '1'],
    ['a process name in other letters', { text: 'POSTGRES' }, '2'],
    ['a pid', { text: '4121' }, '1'],
    ['an address', { text: '10.0.0' }, '10'],
    ['an address with its port', { text: '127.0.0.1:6379' }, '1'],
    ['an IPv6 address with its port, in brackets', { text: '[::1]:5432' }, '2'],
    ['an IPv6 address with its port, without', { text: '::1:5432' }, '2'],
    ['spaces around the words', { text: '  nginx ' }, '10'],
    ['nothing but spaces', { text: '   ' }, '2 10 1'],
    ['words that match nothing', { text: 'mysql' }, ''],
    ['words that look like a pattern', { text: '.*' }, ''],
    ['a process', { process: 'node' }, '1'],
    ['the beginning of a process name', { process: 'redis' }, '1'],
    ['the end of a process name, in other letters', { process: 'GRES' }, '2'],
    ['an address, which is no process', { process: '10.0.0.1' }, ''],
    ['a process with spaces around it', { process: ' wrk ' }, '10'],
    ['the pid of a process', { process: '990' }, '2'],
    ['a part of a pid', { process: '99' }, ''],
    ['a server’s port', { port: 80 }, '10'],
    ['a client’s port', { port: 40_002 }, '2'],
    ['port 0', { port: 0 }, ''],
    ['the bypass, in one direction at least', { path: 'bypass' }, '10 1'],
    ['the stack, in both directions', { path: 'stack' }, '2'],
    ['a reason of the client’s direction', { reason: 'blocking reader' }, '2 10'],
    ['a reason of the server’s direction', { reason: 'streaming' }, '2'],
    ['several at once', { reason: 'blocking reader', path: 'bypass' }, '10'],
    ['closed ones too', { includeClosed: true }, '2 10 1 3'],
  ] satisfies [string, Partial<ConnectionView>, string][])('%s', (_words, view, expected) => {
    expect(ids(view)).toBe(expected);
  });
});

describe('order', () => {
  test.each([
    ['age', '2 10 1', '1 10 2'],
    ['client', '1 2 10', '10 2 1'],
    ['server', '10 2 1', '1 2 10'],
    ['path', '1 10 2', '2 10 1'],
    ['bytes', '10 1 2', '2 1 10'],
  ] as const)('%s', (sort, ascending, descending) => {
    expect(ids({ sort })).toBe(ascending);
    expect(ids({ sort, descending: true })).toBe(descending);
  });

  test.each(['messageRate', 'byteRate'] as const)('%s counts both directions', (sort) => {
    const rated = (id: string, there: number, back: number) =>
      connection({
        id,
        clientToServer: { ...onStack(null), rate: { bytes: there, messages: there } },
        serverToClient: { ...onStack(null), rate: { bytes: back, messages: back } },
      });
    expect(ids({ sort, descending: true }, [rated('1', 1, 1), rated('2', 0, 9), rated('3', 5, 0)])).toBe(
      '2 3 1',
    );
  });

  test('rows that are equal stand by id, as numbers, in either direction', () => {
    const rows = ['10', '9', '100'].map((id) => connection({ id }));
    expect(ids({ sort: 'bytes' }, rows)).toBe('9 10 100');
    expect(ids({ sort: 'bytes', descending: true }, rows)).toBe('9 10 100');
  });

  test('processes are ordered without regard to capitals', () => {
    const rows = ['b', 'A', 'C'].map((comm, id) => connection({ id: String(id), server: end({ comm }) }));
    expect(ids({ sort: 'server' }, rows)).toBe('1 0 2');
  });
});

describe('pages', () => {
  const rows = Array.from({ length: 25 }, (_, id) =>
    connection({ id: String(id), server: end({ port: id % 2 === 0 ? 80 : 81 }) }),
  );

  test('matching counts what passes the filter, total what there is', () => {
    const page = pageOf(rows, [gone], connectionViewSchema.parse({ port: 80, offset: 10, limit: 2 }));
    expect(page).toMatchObject({ matching: 13, total: 25 });
    expect(page.rows.map(({ id }) => id)).toEqual(['20', '22']);
  });

  test('a page behind the last one is empty', () => {
    expect(pageOf(rows, [], connectionViewSchema.parse({ offset: 100 }))).toEqual({
      rows: [],
      matching: 25,
      total: 25,
    });
  });

  test('closed ones count when they are included', () => {
    expect(pageOf(rows, [gone], connectionViewSchema.parse({ includeClosed: true }))).toMatchObject({
      matching: 26,
      total: 26,
    });
  });

  test('the rows that were given stay in their order', () => {
    const given = [redis, postgres];
    pageOf(given, [], connectionViewSchema.parse({ sort: 'server' }));
    expect(given).toEqual([redis, postgres]);
  });
});

test('IPv6 addresses stand in brackets before a port', () => {
  expect(nameOf(end({ address: '::1', port: 1 }))).toBe('[::1]:1');
  expect(nameOf(end({ address: '127.0.0.1', port: 1 }))).toBe('127.0.0.1:1');
});
