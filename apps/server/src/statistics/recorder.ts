import type { ByPath, StatisticsHistory, StatisticsPoint, StatisticsRange } from '@sidestep/shared';
import { Changes } from '../changes.ts';
import type { ConnectionSampler } from '../connections/sampler.ts';
import type { Counters } from './counters.ts';
import { INTERVALS, meanOf, POINTS, pointBetween } from './points.ts';
import type { StatisticsService } from './service.ts';
import type { StatisticsStore } from './store.ts';

/** How old the count of connections may be, in milliseconds: counting costs time that nobody should pay when nobody looks. */
const COUNT_AGE = { watched: 1000, unwatched: 10_000 } as const;
const STORED_MS = INTERVALS['1h'];

export interface RecorderOptions {
  readonly counters: Counters;
  readonly sampler: ConnectionSampler;
  readonly store: StatisticsStore;
  readonly now: () => number;
}

/** Makes a point of every second: the last five minutes stay in memory, means over twelve seconds go to the store. */
export class StatisticsRecorder implements StatisticsService {
  readonly #options: RecorderOptions;
  readonly #changes = new Changes();
  /** The last five minutes, oldest first. */
  #recent: StatisticsPoint[] = [];
  /** Not stored yet. */
  #pending: StatisticsPoint[] = [];
  #totals;
  #at: number;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#totals = options.counters.refresh();
    this.#at = options.now();
    options.store.forgetOld(this.#at);
  }

  /** Once a second. */
  turn(): void {
    const { counters, now } = this.#options;
    const at = now();
    const totals = counters.refresh();
    const seconds = (at - this.#at) / 1000;
    // After a step of the clock there is no telling how long the second was.
    if (seconds > 0 && seconds < 10)
      this.#add(pointBetween(this.#totals, totals, seconds, at, this.#connections()));
    this.#totals = totals;
    this.#at = at;
  }

  /** What has happened so far this second counts from zero: the counters have been reset. */
  restart(): void {
    this.#totals = this.#options.counters.totals;
  }

  mark(word: string): void {
    this.#options.store.addMark({ at: this.#options.now(), word });
  }

  async history(range: StatisticsRange): Promise<StatisticsHistory> {
    const { store, now } = this.#options;
    const interval = INTERVALS[range];
    const since = now() - interval * POINTS;
    const points =
      range === '5m' ? this.#recent.filter(({ at }) => at > since) : store.points(since, interval);
    return { range, interval, points: points.slice(-POINTS), marks: store.marks(since) };
  }

  async *follow(signal: AbortSignal): ReturnType<StatisticsService['follow']> {
    while (!signal.aborted) {
      await this.#changes.after(this.#changes.version, signal);
      const point = this.#recent.at(-1);
      if (point && !signal.aborted) yield point;
    }
  }

  #add(point: StatisticsPoint): void {
    this.#recent = [...this.#recent.slice(-(POINTS - 1)), point];
    this.#changes.notify();
    const [first] = this.#pending;
    if (first && slotOf(first) !== slotOf(point)) this.flush();
    this.#pending.push(point);
  }

  /** Writes down the seconds that are not stored yet. */
  flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    const [first] = pending;
    const mean = first && meanOf(pending, slotOf(first) * STORED_MS);
    if (mean) this.#options.store.add(mean, pending.length);
  }

  forgetOld(): void {
    this.#options.store.forgetOld(this.#options.now());
  }

  #connections(): ByPath {
    const age = this.#changes.waiting > 0 ? COUNT_AGE.watched : COUNT_AGE.unwatched;
    const { open, bypassing } = this.#options.sampler.summary(age).connections;
    return { bypass: bypassing, stack: open - bypassing };
  }
}

const slotOf = ({ at }: StatisticsPoint) => Math.floor(at / STORED_MS);
