import { expect, test } from 'vitest';
import { lastPage, nextSort, PAGE_SIZE, readView } from './view.ts';

const read = (query: string) => readView(new URLSearchParams(query));

test('a bare address shows the newest of everything', () => {
  expect(read('')).toEqual({
    view: { includeClosed: false, sort: 'age', descending: true, offset: 0, limit: PAGE_SIZE },
    problem: null,
  });
});

test('the address carries filter, sort, closed ones and page', () => {
  const { view } = read('q=process:redis+port:6379&sort=-byteRate&closed=1&page=3');
  expect(view).toMatchObject({
    process: 'redis',
    port: 6379,
    sort: 'byteRate',
    descending: true,
    includeClosed: true,
  });
  expect(view.offset).toBe(2 * PAGE_SIZE);
});

test.each(['sort=nonsense', 'page=0', 'page=-1', 'page=x', 'closed=yes'])(
  '%s counts as left out',
  (query) => {
    expect(read(query).view).toMatchObject({ sort: 'age', offset: 0, includeClosed: false });
  },
);

test('the last page holds the last row, and there is always one', () => {
  expect([0, 1, PAGE_SIZE, PAGE_SIZE + 1].map(lastPage)).toEqual([1, 1, 1, 2]);
});

test('names sort up first, numbers down, and a second click turns round', () => {
  const byAge = { sort: 'age', descending: true } as const;
  expect(nextSort(byAge, 'client')).toBe('client');
  expect(nextSort(byAge, 'byteRate')).toBe('-byteRate');
  expect(nextSort(byAge, 'age')).toBe('age');
  expect(nextSort({ sort: 'client', descending: false }, 'client')).toBe('-client');
});
