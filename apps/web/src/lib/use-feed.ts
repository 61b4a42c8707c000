import { useCallback, useEffect, useRef, useState } from 'react';
import { append, emptyFeed, FEED_LIMIT, type Feed, oldest, prepend } from './feed.ts';
import { keepSubscribed } from './keep-subscribed.ts';
import { paced } from './paced.ts';

/** In a flood nobody reads ten screens of new lines a second, and drawing them would keep the browser busy. */
const DRAW_MS = 250;

interface Handlers<T> {
  /** `last` is the highest number looked at, to resume after. */
  onBatch: (last: string, entries: readonly T[], missed: number) => void;
  onError: (error: unknown) => void;
  onComplete: () => void;
}

/** Where a feed comes from. Must keep its identity between renders: a new one starts the feed over. */
export interface FeedSource<T> {
  /** The newest entries before `before` (all when left out), oldest first. */
  list(before?: number): Promise<readonly T[]>;
  follow(after: string, handlers: Handlers<T>): { unsubscribe: () => void };
}

export interface LiveFeed<T> {
  /** What to show; null until the first answer. */
  readonly shown: Feed<T> | null;
  /** Entries that came in since the feed was held. */
  readonly waiting: number;
  readonly held: boolean;
  readonly hold: () => void;
  readonly release: () => void;
  /** Asks for what is older than the oldest shown. */
  readonly loadOlder: () => void;
}

/**
 * A feed that follows the daemon and can be held still: what is shown stays while the rest goes on arriving, and the
 * subscription resumes by number after every interruption, so nothing is shown twice or passed over in silence.
 */
export function useFeed<T extends { seq: number }>(source: FeedSource<T>): LiveFeed<T> {
  const [live, setLive] = useState<Feed<T> | null>(null);
  const [still, setStill] = useState<Feed<T> | null>(null);
  /** `exhausted`: the number that the daemon had nothing before. What is held later may begin at a higher one again. */
  const latest = useRef({ live, still, loading: false, exhausted: null as number | null });
  latest.current.live = live;
  latest.current.still = still;

  useEffect(() => {
    setLive(null);
    setStill(null);
    latest.current.exhausted = null;
    return start(source, setLive);
  }, [source]);

  const hold = useCallback(() => setStill((held) => held ?? latest.current.live), []);
  const release = useCallback(() => setStill(null), []);

  const loadOlder = useCallback(async () => {
    const state = latest.current;
    const first = oldest(state.still ?? state.live ?? emptyFeed);
    if (state.loading || first === null || first === state.exhausted) return;
    state.loading = true;
    try {
      const older = await source.list(first);
      if (older.length === 0) state.exhausted = first;
      if (state.still) setStill((feed) => feed && prepend(feed, older));
      else setLive((feed) => feed && prepend(feed, older));
    } catch {
      // The connection went; scrolling again asks again.
    } finally {
      state.loading = false;
    }
  }, [source]);

  const shown = still ?? live;
  const waiting = still && live ? live.count - still.count : 0;
  return { shown, waiting, held: still !== null, hold, release, loadOlder };
}

type Change<T> = (change: (feed: Feed<T> | null) => Feed<T>) => void;

/** Lists, then follows from there; returns what stops both. */
function start<T extends { seq: number }>(source: FeedSource<T>, change: Change<T>): () => void {
  let stopped = false;
  let stop: () => void = () => {};
  let arrived: { batch: readonly T[]; missed: number }[] = [];
  let count = 0;
  const draw = () => {
    const batches = arrived;
    arrived = [];
    count = 0;
    change((feed) =>
      batches.reduce((held, { batch, missed }) => append(held, batch, missed), feed ?? emptyFeed),
    );
  };
  const drawing = paced(DRAW_MS, draw);
  const run = async () => {
    let entries: readonly T[];
    try {
      entries = await source.list();
    } catch {
      const timer = setTimeout(run, 1000);
      stop = () => clearTimeout(timer);
      return;
    }
    if (stopped) return;
    change(() => prepend<T>(emptyFeed, entries));
    let after = String(entries.at(-1)?.seq ?? 0);
    stop = keepSubscribed((ending) =>
      source.follow(after, {
        ...ending,
        onBatch(last, batch, missed) {
          // With nothing seen yet, nothing was missed: the feed starts here.
          const known = after !== '0';
          after = last;
          arrived.push({ batch, missed: known ? missed : 0 });
          count += batch.length;
          // In a tab that nobody sees, timers run once a minute: no more is piled up than is kept.
          if (count > FEED_LIMIT) draw();
          else drawing.ask();
        },
      }),
    );
  };
  void run();
  return () => {
    stopped = true;
    stop();
    drawing.stop();
  };
}
