import type { Event, EventKind } from '@sidestep/shared';
import { expect, test } from 'vitest';
import { lifeOf } from './history.ts';

const event = (kind: EventKind, at: number): Event => ({
  seq: at,
  at: new Date(at).toISOString(),
  kind,
  connection: '1',
  client: null,
  server: null,
  reason: null,
  bytes: null,
  messages: null,
  duration: null,
  count: null,
});

test('a life goes from road to road', () => {
  const life = lifeOf([
    event('established', 0),
    event('paired', 1),
    event('bypassed', 4),
    event('left', 10),
    event('closed', 30),
  ]);
  expect(life.map(({ before, after }) => [before, after])).toEqual([
    [null, 'stack'],
    ['stack', 'stack'],
    ['stack', 'bypass'],
    ['bypass', 'stack'],
    ['stack', null],
  ]);
  expect(life.map(({ elapsed }) => elapsed)).toEqual([null, 1, 3, 6, 20]);
});

test('a life whose beginning is forgotten starts with what is known', () => {
  expect(lifeOf([event('left', 5)]).map(({ before, after }) => [before, after])).toEqual([[null, 'stack']]);
  expect(lifeOf([])).toEqual([]);
});
