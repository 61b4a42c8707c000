import type { Path } from '@sidestep/shared';
import type { DataPlane, DataPlaneTotals, Pair } from '../dataplane/dataplane.ts';
import type { Log } from '../log.ts';
import { betterPath, cost, rate, type Window } from './judge.ts';
import {
  bypassedBetween,
  type Reading,
  readingOf,
  runsAhead,
  type Sample,
  type Sent,
  samplesOf,
  windowOf,
} from './sample.ts';

/** Below this many bytes a second, and bytes a message, the bypass is the better path without a trial: docs/decisions/weigh-bulk.md. */
const HEAVY_RATE = 50e6;
const HEAVY_MESSAGE = 8192;
/** In streams, where of so many messages at most one is an answer. */
const HEAVY_STREAM_MESSAGE = 1024;
const ONE_WAY = 8;
/** Until streams are looked for again among messages of that size, when all were requests and answers: to look costs time. */
const STREAMLESS_REST_MS = 10_000;
/** Looks at which a pair must have been heavy, a second apart. What ends sooner is not worth a trial. */
const HEAVY_LOOKS = 2;
/**
 * What the kernel has measured of streams on both paths is as good as a trial where it leaves no doubt: on the stack they were watched, which costs them up to a quarter of their rate.
 */
const LEAVES_NO_DOUBT = 4 / 3;
/** On each path, by turns. */
const TURNS = 2;
const SETTLE_MS = 200;
const WINDOW_MS = 400;
/** Until a pair is tried again, doubled each time that it stays where it is. */
const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 600_000;
/** As many as the kernel's map has room for. */
const MOST_KEPT = 256;
const MOST_REMEMBERED = 1000;

export interface WeighingOptions {
  readonly dataPlane: Pick<DataPlane, 'enabled' | 'bulk' | 'keepOnTcp'>;
  /** Those of the last second: to ask the kernel once more has a price. */
  readonly totals: () => Pick<DataPlaneTotals, 'bytes' | 'messages'>;
  /** Milliseconds for which a process has run; null when that is not known. */
  readonly cpuTime: (pid: number) => number | null;
  readonly log: Log;
  readonly steady: () => number;
  /** Ends early when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What is known of a pair of programs. */
interface Weighed {
  readonly pair: Pair;
  path: Path;
  heavyLooks: number;
  restMs: number;
  /** On the steady clock. */
  dueAt: number;
}

/**
 * Whether large messages between two programs are better off on TCP. What each of their connections does does not show it, for all of them
 * share the two programs' processors; so both paths are tried for all of them, by turns, and bytes and processor time compared.
 */
export class Weighing implements Disposable {
  readonly #options: WeighingOptions;
  readonly #stopping = new AbortController();
  #weighed = new Map<string, Weighed>();
  #before: { at: number; messages: number; bytes: number; samples: Map<string, Sample> } | null = null;
  #busy = false;
  /** On the steady clock. */
  #streamsDueAt = 0;
  /** Which path a pair is tried on at this moment. */
  #trial: { readonly weighed: Weighed; readonly path: Path } | null = null;
  #trouble: unknown = null;

  constructor(options: WeighingOptions) {
    this.#options = options;
  }

  /** The programs are others now, or were taken over from somebody who knew something else: nothing is kept on TCP. */
  restart(): void {
    this.#weighed = new Map();
    this.#before = null;
    if (this.#options.dataPlane.enabled) this.#options.dataPlane.keepOnTcp([]);
  }

  /** To be called once a second. Throws what went wrong since the last time. */
  turn(): void {
    const trouble = this.#trouble;
    this.#trouble = null;
    if (trouble) throw trouble;
    this.look().catch((error: unknown) => {
      this.#trouble = error;
    });
  }

  /** Resolves when a trial that this look has led to is over. Does nothing while another one is under way. */
  async look(): Promise<void> {
    if (this.#busy || !this.#options.dataPlane.enabled) return;
    this.#busy = true;
    try {
      await this.#look();
    } finally {
      this.#busy = false;
    }
  }

  async #look(): Promise<void> {
    const now = this.#options.steady();
    const { bytes, messages } = this.#options.totals();
    const before = this.#before;
    const sent = before && {
      ms: now - before.at,
      bytes: bytes.bypass - before.bytes,
      messages: messages.bypass - before.messages,
    };
    const large = sent !== null && isHeavy(sent, HEAVY_MESSAGE);
    const heavy =
      large || (sent !== null && now >= this.#streamsDueAt && isHeavy(sent, HEAVY_STREAM_MESSAGE));
    const due = [...this.#weighed.values()].some(({ path, dueAt }) => path === 'stack' && dueAt <= now);
    const samples = heavy || due ? await this.#samples() : new Map<string, Sample>();
    this.#before = { at: now, bytes: bytes.bypass, messages: messages.bypass, samples };
    if (due) this.#restThoseGone(samples, now);
    if (before === null) return;
    const heavyPairs = heavyBetween(before.samples, samples);
    if (samples.size > 0 && before.samples.size > 0 && !large && heavyPairs.size === 0)
      this.#streamsDueAt = now + STREAMLESS_REST_MS;
    for (const [name, sample] of samples) {
      const weighed = this.#noteLook(name, sample, heavyPairs.has(name));
      if (weighed.dueAt > now || (weighed.path === 'bypass' && weighed.heavyLooks < HEAVY_LOOKS)) continue;
      if (weighed.path === 'bypass' && runsAhead(sample, LEAVES_NO_DOUBT)) {
        this.#rest(weighed);
        continue;
      }
      await this.#try(name, weighed);
      this.#before = null;
      return;
    }
  }

  /** Their programs have no connection at the moment: to ask after them each second would be to read the whole table each second. */
  #restThoseGone(samples: ReadonlyMap<string, Sample>, now: number): void {
    for (const [name, weighed] of this.#weighed) {
      if (weighed.path !== 'stack' || weighed.dueAt > now || samples.has(name)) continue;
      weighed.restMs = Math.min(weighed.restMs * 2, LONGEST_REST_MS);
      this.#rest(weighed);
    }
  }

  #noteLook(name: string, sample: Sample, isHeavy: boolean): Weighed {
    const weighed = this.#weighed.get(name) ?? {
      pair: sample.pair,
      path: 'bypass',
      heavyLooks: 0,
      restMs: FIRST_REST_MS,
      dueAt: 0,
    };
    this.#weighed.set(name, weighed);
    if (this.#weighed.size > MOST_REMEMBERED) this.#forgetOne();
    if (isHeavy) weighed.heavyLooks++;
    return weighed;
  }

  async #try(name: string, weighed: Weighed): Promise<void> {
    const { path } = weighed;
    const other: Path = path === 'bypass' ? 'stack' : 'bypass';
    const windows: Window[] = [];
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        for (const next of [path, other]) {
          this.#trial = { weighed, path: next };
          this.#apply();
          const window = await this.#measure(name, next);
          if (!window) return;
          windows.push(window);
        }
      }
    } finally {
      this.#trial = null;
      this.#decide(weighed, windows);
    }
  }

  #decide(weighed: Weighed, windows: readonly Window[]): void {
    const { log, dataPlane } = this.#options;
    const better = windows.length === 2 * TURNS ? betterPath(windows) : null;
    const moves = better !== null && better !== weighed.path;
    weighed.restMs = moves ? FIRST_REST_MS : Math.min(weighed.restMs * 2, LONGEST_REST_MS);
    this.#rest(weighed);
    if (moves) {
      weighed.path = better;
      log(wordsFor(weighed, windows));
    }
    if (dataPlane.enabled && !this.#stopping.signal.aborted) this.#apply();
  }

  #rest(weighed: Weighed): void {
    weighed.dueAt = this.#options.steady() + weighed.restMs;
    weighed.heavyLooks = 0;
  }

  /** Null when that was not possible: the pair has gone, or we stop. */
  async #measure(name: string, path: Path): Promise<Window | null> {
    const { pause, dataPlane } = this.#options;
    const { signal } = this.#stopping;
    await pause(SETTLE_MS, signal);
    if (signal.aborted || !dataPlane.enabled) return null;
    const before = await this.#read(name);
    await pause(WINDOW_MS, signal);
    if (!before || signal.aborted || !dataPlane.enabled) return null;
    const after = await this.#read(name);
    return after ? windowOf(path, before, after) : null;
  }

  /** Null when the pair has gone. */
  async #read(name: string): Promise<Reading | null> {
    const sample = (await this.#samples()).get(name);
    return sample ? readingOf(sample, this.#options.cpuTime) : null;
  }

  async #samples(): Promise<Map<string, Sample>> {
    const { dataPlane, steady } = this.#options;
    const connections = await dataPlane.bulk();
    return samplesOf(connections, steady());
  }

  #apply(): void {
    const trial = this.#trial;
    const pathOf = (weighed: Weighed) => (trial?.weighed === weighed ? trial.path : weighed.path);
    const kept = [...this.#weighed.values()].filter((weighed) => pathOf(weighed) === 'stack');
    this.#options.dataPlane.keepOnTcp(kept.slice(-MOST_KEPT).map(({ pair }) => pair));
  }

  /** The one that was met first of those that are on the bypass. */
  #forgetOne(): void {
    for (const [name, { path }] of this.#weighed) {
      if (path === 'stack') continue;
      this.#weighed.delete(name);
      return;
    }
  }

  /** What was decided stays so until somebody takes over; a trial ends where it began. */
  [Symbol.dispose](): void {
    this.#stopping.abort();
    if (!this.#trial) return;
    this.#trial = null;
    if (this.#options.dataPlane.enabled) this.#apply();
  }
}

function isHeavy({ ms, bytes, messages }: Omit<Sent, 'answers'>, leastMessage: number): boolean {
  return bytes / (ms / 1000) >= HEAVY_RATE && bytes >= messages * leastMessage;
}

function isHeavyPair(sent: Sent): boolean {
  const streams = sent.messages >= ONE_WAY * sent.answers;
  return isHeavy(sent, streams ? HEAVY_STREAM_MESSAGE : HEAVY_MESSAGE);
}

/** The names of the pairs that were. */
function heavyBetween(
  before: ReadonlyMap<string, Sample>,
  after: ReadonlyMap<string, Sample>,
): ReadonlySet<string> {
  const heavy = [...after].filter(([name, sample]) => {
    const earlier = before.get(name);
    return earlier !== undefined && isHeavyPair(bypassedBetween(earlier, sample));
  });
  return new Set(heavy.map(([name]) => name));
}

function wordsFor({ pair, path }: Weighed, windows: readonly Window[]): string {
  const on = (wanted: Path) => windows.filter((window) => window.path === wanted);
  const [stack, bypass] = [on('stack'), on('bypass')];
  const bytes = rate(stack) / rate(bypass);
  const [light, heavy] = [cost(stack), cost(bypass)];
  const work =
    light === null || heavy === null
      ? ''
      : ` and takes ${(light / heavy).toFixed(2)} × the processor time for each`;
  const verdict =
    path === 'stack' ? 'Its connections stay on TCP' : 'Its connections may take the bypass again';
  return `Bulk at port ${pair.port}: TCP moves ${bytes.toFixed(2)} × the bytes${work}. ${verdict}.`;
}
