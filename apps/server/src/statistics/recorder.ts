import type { ByPath, StatisticsHistory, StatisticsPoint, StatisticsRange } from '@sidestep/shared';
import { Changes } from '../changes.ts';
import type { ConnectionSampler } from '../connections/sampler.ts';
import type { Log } from '../log.ts';
import type { Counters } from './counters.ts';
import { INTERVALS, meanOf, POINTS, pointBetween } from './points.ts';
import type { StatisticsService } from './service.ts';
import type { StatisticsStore } from './store.ts';

/** How old the count of connections may be, in milliseconds: counting costs time that nobody should pay when nobody looks. */
const COUNT_AGE = { watched: 1000, unwatched: 10_000 } as const;
/** So long after switching on the open connections are still being found, and their count is soon wrong. */
const FINDING_MS = 15_000;
const STORED_MS = INTERVALS['1h'];
/** A smaller difference between the clocks is the pace of the wall clock, and of this process. */
const STEP_MS = 2000;

export interface RecorderOptions {
  readonly counters: Counters;
  readonly sampler: ConnectionSampler;
  readonly store: StatisticsStore;
  readonly now: () => number;
  readonly steady: () => number;
  readonly log: Log;
}

/** Makes a point of every second that was counted: the last five minutes stay in memory, means over twelve seconds go to the store. */
export class StatisticsRecorder implements StatisticsService {
  readonly #options: RecorderOptions;
  readonly #changes = new Changes();
  /** The last five minutes, oldest first. */
  #recent: StatisticsPoint[] = [];
  /** Not stored yet. */
  #pending: StatisticsPoint[] = [];
  #totals;
  /** When the totals were read, on both clocks. */
  #at: number;
  #steadyAt: number;
  /** Steady. */
  #restartedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#totals = options.counters.refresh();
    this.#at = options.now();
    this.#steadyAt = options.steady();
    options.store.forgetOld(this.#at);
  }

  /** Once a second. */
  turn(): void {
    const { counters, now, steady } = this.#options;
    const [at, steadyAt] = [now(), steady()];
    const totals = counters.refresh();
    const elapsed = steadyAt - this.#steadyAt;
    this.#notice(at - this.#at - elapsed);
    const seconds = elapsed / 1000;
    if (!counters.counting) this.flush();
    // After a long pause of this process nobody knows when it happened.
    else if (seconds > 0 && seconds < 10)
      this.#add(pointBetween(this.#totals, totals, seconds, at, this.#connections()));
    this.#totals = totals;
    this.#at = at;
    this.#steadyAt = steadyAt;
  }

  /** What was written down keeps its time; what is in memory is never later than now. */
  #notice(step: number): void {
    if (Math.abs(step) < STEP_MS) return;
    this.flush();
    if (step < 0) this.#recent = this.#recent.map((point) => ({ ...point, at: point.at + step }));
    this.mark('clock set');
    const [way, seconds] = [step < 0 ? 'back' : 'forward', Math.round(Math.abs(step) / 1000)];
    this.#options.log(
      `The clock of this host was set ${way} by ${seconds} s. Times that were written down before stay as they are.`,
    );
  }

  /** What has happened so far this second counts from zero: the counters have been reset. */
  restart(): void {
    this.#totals = this.#options.counters.totals;
    this.#restartedAt = this.#options.steady();
  }

  mark(word: string): void {
    this.#options.store.addMark({ at: this.#options.now(), word });
  }

  async history(range: StatisticsRange): Promise<StatisticsHistory> {
    const { store, now } = this.#options;
    const interval = INTERVALS[range];
    const until = now();
    const since = until - interval * POINTS;
    const points =
      range === '5m' ? this.#recent.filter(({ at }) => at > since) : store.points(since, until, interval);
    return { range, interval, until, points: points.slice(-POINTS), marks: store.marks(since, until) };
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
    const { sampler, steady } = this.#options;
    const watched = this.#changes.waiting > 0 || steady() - this.#restartedAt < FINDING_MS;
    const age = watched ? COUNT_AGE.watched : COUNT_AGE.unwatched;
    const { open, bypassing } = sampler.summaryAtOnce(age).connections;
    return { bypass: bypassing, stack: open - bypassing };
  }
}

const slotOf = ({ at }: StatisticsPoint) => Math.floor(at / STORED_MS);
