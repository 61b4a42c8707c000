import { expect, test } from 'vitest';
import { ListedConnections } from '../../src/connections/listed.ts';
import { RateWindow } from '../../src/connections/rates.ts';
import { bypassing, connection, onStack } from '../support/connection.ts';

const at = (messages: number, id = '1') =>
  connection({ id, clientToServer: bypassing(messages), serverToClient: onStack(null, messages * 2) });

function look(window: RateWindow, rows: ReturnType<typeof at>[], now: number): number[] {
  window.look(new ListedConnections(rows), now);
  return rows.map((_, row) => window.messageRate(row, 0));
}
const rate = (window: RateWindow, messages: number, now: number) => look(window, [at(messages)], now)[0];

test('the first look says zero', () => {
  expect(rate(new RateWindow(), 1000, 0)).toBe(0);
});

test('bytes and messages per second, both directions, both paths', () => {
  const window = new RateWindow();
  look(window, [at(0)], 0);
  look(window, [at(100)], 500);
  expect([window.messageRate(0, 0), window.byteRate(0, 0)]).toEqual([200, 200 * 64]);
  expect([window.messageRate(0, 1), window.byteRate(0, 1)]).toEqual([400, 400 * 64]);
});

test('a rate is over about a second, however often somebody looks', () => {
  const window = new RateWindow();
  const seen = Array.from({ length: 21 }, (_, step) => rate(window, Math.floor(step / 4), step * 250));
  expect(seen.slice(4)).toEqual(Array.from({ length: 17 }, () => 1));
});

test('a connection that is new has grown from zero', () => {
  const window = new RateWindow();
  look(window, [at(5, '1')], 0);
  expect(look(window, [at(5, '1'), at(30, '2')], 1000)).toEqual([0, 30]);
});

test('a connection in the row of another has grown from zero', () => {
  const window = new RateWindow();
  look(window, [at(20, '1')], 0);
  expect(look(window, [at(30, '2')], 1000)).toEqual([30]);
});

test('whoever looks again after a while starts afresh', () => {
  const window = new RateWindow();
  rate(window, 0, 0);
  expect(rate(window, 100_000, 60_000)).toBe(0);
  expect(rate(window, 100_010, 61_000)).toBe(10);
});

test('a counter that shrinks is no rate', () => {
  const window = new RateWindow();
  rate(window, 100, 0);
  expect(rate(window, 1, 1000)).toBe(0);
});

test('a clock that stands still or goes back does no harm', () => {
  const window = new RateWindow();
  rate(window, 0, 1000);
  expect(rate(window, 10, 1000)).toBe(0);
  expect(rate(window, 20, 500)).toBe(0);
});
