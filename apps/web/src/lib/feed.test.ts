import { expect, test } from 'vitest';
import { append, emptyFeed, FEED_LIMIT, type Feed, oldest, prepend } from './feed.ts';

type Entry = { seq: number };
const entries = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ seq: from + index }));
const numbers = (feed: Feed<Entry>) =>
  feed.items.map((item) => (item.type === 'entry' ? item.entry.seq : `gap ${item.missed}`));

test('batches follow one another', () => {
  let feed: Feed<Entry> = append(emptyFeed, entries(1, 3), 0);
  feed = append(feed, entries(4, 5), 0);
  expect(numbers(feed)).toEqual([1, 2, 3, 4, 5]);
  expect(feed.last).toBe(5);
  expect(feed.count).toBe(5);
});

test('what a resumed subscription repeats is shown once', () => {
  const feed = append(append<Entry>(emptyFeed, entries(1, 5), 0), entries(4, 7), 0);
  expect(numbers(feed)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(feed.count).toBe(7);
});

test('missed entries leave a gap with their number, where they are missing', () => {
  const feed = append(append<Entry>(emptyFeed, entries(1, 2), 0), entries(1207, 1208), 1204);
  expect(numbers(feed)).toEqual([1, 2, 'gap 1204', 1207, 1208]);
  expect(feed.items[2]).toEqual({ type: 'gap', after: 2, missed: 1204 });
  expect(feed.count).toBe(1208);
});

test('what was missed twice with nothing seen in between is one gap', () => {
  let feed: Feed<Entry> = append(append<Entry>(emptyFeed, entries(1, 2), 0), [], 40);
  feed = append(feed, entries(90, 91), 2);
  expect(numbers(feed)).toEqual([1, 2, 'gap 42', 90, 91]);
  expect(feed.count).toBe(46);
});

test('a filter may skip numbers without making a gap', () => {
  expect(numbers(append<Entry>(emptyFeed, [{ seq: 3 }, { seq: 90 }], 0))).toEqual([3, 90]);
});

test('an empty batch changes nothing', () => {
  const feed = append<Entry>(emptyFeed, entries(1, 2), 0);
  expect(append(feed, [], 0)).toBe(feed);
  expect(append(feed, entries(1, 2), 0)).toBe(feed);
});

test('the oldest entries fall off beyond the limit, and the count does not', () => {
  let feed: Feed<Entry> = emptyFeed;
  for (let from = 1; from <= FEED_LIMIT + 1000; from += 1000)
    feed = append(feed, entries(from, from + 999), 0);
  expect(feed.items).toHaveLength(FEED_LIMIT);
  expect(oldest(feed)).toBe(1001);
  expect(feed.count).toBe(FEED_LIMIT + 1000);
});

test('older pages go in front without repeats', () => {
  const feed = prepend(append<Entry>(emptyFeed, entries(10, 12), 0), entries(7, 10));
  expect(numbers(feed)).toEqual([7, 8, 9, 10, 11, 12]);
  expect(feed.last).toBe(12);
  expect(feed.count).toBe(3);
  expect(prepend(feed, [])).toBe(feed);
});

test('an empty feed starts with what is listed', () => {
  const feed = prepend<Entry>(emptyFeed, entries(5, 6));
  expect(feed.last).toBe(6);
  expect(oldest(emptyFeed)).toBeNull();
});
