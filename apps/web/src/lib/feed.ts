/** One entry of a numbered feed, or a labelled hole in it. */
export type FeedItem<T> = { type: 'entry'; entry: T } | { type: 'gap'; after: number; missed: number };

/** A feed as the page holds it: items oldest first, and the highest number looked at. */
export interface Feed<T> {
  readonly items: readonly FeedItem<T>[];
  readonly last: number;
  /** How many entries ever came in; the difference of two moments is what is new. */
  readonly count: number;
}

/** What the page keeps at most; older entries are asked for again when somebody scrolls down to them. */
export const FEED_LIMIT = 5000;

export const emptyFeed: Feed<never> = { items: [], last: 0, count: 0 };

/**
 * Adds a batch: a gap where entries were missed, then the entries that are newer than what is held (a resumed
 * subscription may repeat some). Drops the oldest beyond `FEED_LIMIT`.
 */
export function append<T extends { seq: number }>(
  feed: Feed<T>,
  entries: readonly T[],
  missed: number,
): Feed<T> {
  const fresh = entries.filter((entry) => entry.seq > feed.last);
  if (fresh.length === 0 && missed === 0) return feed;
  const added: FeedItem<T>[] = fresh.map((entry) => ({ type: 'entry', entry }));
  const before = feed.items.at(-1);
  // With a filter, a reader may be told twice that it missed some before it sees one again: that is one hole.
  const widens = missed > 0 && before?.type === 'gap';
  const hole = widens ? before.missed + missed : missed;
  if (missed > 0) added.unshift({ type: 'gap', after: feed.last, missed: hole });
  const items = (widens ? feed.items.slice(0, -1) : feed.items).concat(added);
  return {
    items: items.length > FEED_LIMIT ? items.slice(-FEED_LIMIT) : items,
    last: fresh.at(-1)?.seq ?? feed.last,
    count: feed.count + fresh.length + missed,
  };
}

/** Puts older entries, oldest first, in front; what is already held is left out. */
export function prepend<T extends { seq: number }>(feed: Feed<T>, entries: readonly T[]): Feed<T> {
  const first = oldest(feed);
  const older = first === null ? entries : entries.filter((entry) => entry.seq < first);
  if (older.length === 0) return feed;
  const items: FeedItem<T>[] = older.map((entry) => ({ type: 'entry', entry }));
  return { ...feed, items: items.concat(feed.items), last: Math.max(feed.last, older.at(-1)?.seq ?? 0) };
}

/** The lowest number held, or null. */
export function oldest<T extends { seq: number }>(feed: Feed<T>): number | null {
  for (const item of feed.items) if (item.type === 'entry') return item.entry.seq;
  return null;
}
