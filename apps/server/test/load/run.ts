import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@sidestep/bench';
import { openScene, type Scene } from '../kernel/support/scene.ts';
import { type PageReport, questionsIn } from './answers.ts';
import { DaemonWatch, residentOf } from './daemon-watch.ts';
import { allowInspection, Heap } from './heap.ts';
import { type Account, differencesIn, Ledger } from './ledger.ts';
import { PageClient } from './page-client.ts';
import { Crowd, Flood, type Flooded } from './traffic.ts';

/** Bytes. */
const MOST_MEMORY = 400e6;
/** How much more memory than before the daemon may have when a crowd has gone, in bytes and without garbage, and how long it may take to get there. */
const MOST_KEPT = 32e6;
const RETURN_MS = 60_000;
const FLOOD_PROGRAMS = 2;
const SOME_TURNS = 12;

export interface Size {
  /** Connections that are open at once. */
  readonly crowd: number;
  /** Of a phase in which nothing is waited for. */
  readonly seconds: number;
}

/** Ends after some four minutes, two of which it takes to open the crowd: the kernel follows a thousand more a second. */
export const FULL: Size = { crowd: 100_000, seconds: 15 };

/** In which the page is answered nothing. */
const DAEMON_STOPPED = 'the same, daemon stopped';

/** One phase and what was seen meanwhile. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** Resident memory of the daemon, in bytes. */
  readonly peakBytes: number;
  readonly endBytes: number;
  /** Share of one processor that the daemon took. */
  readonly cpuShare: number;
  readonly page: PageReport;
  /** What the traffic did, each figure with its unit. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Outcome {
  readonly size: Size;
  readonly phases: readonly Phase[];
  readonly account: Account;
  /** Whatever was wrong; empty when nothing was. */
  readonly failures: readonly string[];
}

/** One load run with everything that it needs, which is gone afterwards. `tell` hears of each phase when it is over. */
export async function load(size: Size, tell: (phase: Phase) => void): Promise<Outcome> {
  await using opened = new AsyncDisposableStack();
  const table = String(2 ** Math.ceil(Math.log2(size.crowd * 1.25)));
  const scene = opened.use(
    await openScene('load', ['--max-connections', table], null, async (daemon) => allowInspection(daemon)),
  );
  const heap = opened.use(await Heap.open(scene.daemon));
  const ledger = opened.use(new Ledger(scene.daemon));
  await scene.daemon.enable();
  const page = opened.use(await PageClient.open(scene.daemon));
  const watch = opened.use(new DaemonWatch(scene.daemon.process.pid));
  return await new LoadRun(scene, size, { ledger, page, watch, heap, tell }).run();
}

interface Watching {
  readonly ledger: Ledger;
  readonly page: PageClient;
  readonly watch: DaemonWatch;
  readonly heap: Heap;
  readonly tell: (phase: Phase) => void;
}

class LoadRun {
  readonly #scene: Scene;
  readonly #size: Size;
  readonly #watching: Watching;
  readonly #phases: Phase[] = [];
  readonly #failures: string[] = [];

  constructor(scene: Scene, size: Size, watching: Watching) {
    this.#scene = scene;
    this.#size = size;
    this.#watching = watching;
  }

  async run(): Promise<Outcome> {
    const { ledger } = this.#watching;
    await this.#phase('nothing', () => this.#rest());
    await this.#phase('short connections', () => this.#flood(1));
    await this.#phase(`short connections, ${SOME_TURNS} requests`, () => this.#flood(SOME_TURNS));
    await this.#phase(DAEMON_STOPPED, () => this.#floodStopped());
    const before = await this.#residentWithoutGarbage();
    await this.#crowd();
    const account = await ledger.settled();
    this.#failures.push(...differencesIn(account));
    await this.#phase('nothing again', () => this.#returned(before));
    return { size: this.#size, phases: this.#phases, account, failures: this.#failures };
  }

  get #pid(): number {
    return this.#scene.daemon.process.pid;
  }

  /** Opening and closing as fast as the machine allows. The kernel reports only some of them, and more of those that send several times. */
  async #flood(turns: number): Promise<Phase['figures']> {
    await using flood = new Flood(this.#scene.cgroup.path, FLOOD_PROGRAMS, turns);
    await sleep(this.#size.seconds * 1000);
    return this.#figuresOf(await flood.close());
  }

  /** Nobody empties the ring, so it overflows. */
  async #floodStopped(): Promise<Phase['figures']> {
    const { daemon, cgroup } = this.#scene;
    await using flood = new Flood(cgroup.path, FLOOD_PROGRAMS, SOME_TURNS);
    daemon.process.kill('SIGSTOP');
    await until('the ring overflows', () => this.#watching.ledger.kernel().lost > 0, { deadline: 60_000 });
    await sleep(this.#size.seconds * 100);
    const flooded = await flood.close();
    daemon.process.kill('SIGCONT');
    return this.#figuresOf(flooded);
  }

  async #crowd(): Promise<void> {
    const { daemon, cgroup } = this.#scene;
    const { crowd: count, seconds } = this.#size;
    await using crowd = new Crowd(cgroup.path, count);
    await this.#phase(`opening ${count}`, async () => ({ connections: await crowd.open(daemon) }));
    await this.#phase(`${count} open`, async () => {
      await sleep(seconds * 1000);
      const { connections, untracked } = await daemon.api.acceleration.status.query();
      if (untracked > 0) this.#failures.push(`${untracked} connections found the table full.`);
      return { 'on the bypass': connections.bypassing };
    });
    await this.#phase(`short connections beside ${count}`, () => this.#flood(1));
    await this.#phase(`closing ${count}`, async () => {
      const { exchanges, failures } = await crowd.close();
      this.#failures.push(...failures);
      return { exchanges };
    });
  }

  async #returned(before: number): Promise<Phase['figures']> {
    const end = performance.now() + RETURN_MS;
    let kept: number;
    do {
      await this.#rest();
      kept = (await this.#residentWithoutGarbage()) - before;
    } while (kept > MOST_KEPT && performance.now() < end);
    if (kept > MOST_KEPT)
      this.#failures.push(
        `A minute after the connections have gone, the daemon keeps ${megabytes(kept)} MB.`,
      );
    return { 'MB more than before them': Number(megabytes(kept)) };
  }

  async #residentWithoutGarbage(): Promise<number> {
    await this.#watching.heap.collect();
    return residentOf(this.#pid);
  }

  async #rest(): Promise<Phase['figures']> {
    await sleep(this.#size.seconds * 300);
    return {};
  }

  #figuresOf({ connections, perSecond, failures }: Flooded): Phase['figures'] {
    this.#failures.push(...failures);
    return { connections, 'connections/s': Math.round(perSecond) };
  }

  async #phase(name: string, act: () => Promise<Phase['figures']>): Promise<void> {
    const { page, watch, tell } = this.#watching;
    await page.report();
    watch.take();
    const start = performance.now();
    const figures = await act();
    const phase: Phase = {
      name,
      seconds: (performance.now() - start) / 1000,
      page: await page.report(),
      ...watch.take(),
      endBytes: residentOf(this.#pid),
      figures,
    };
    if (phase.peakBytes >= MOST_MEMORY)
      this.#failures.push(`${name}: the daemon took ${megabytes(phase.peakBytes)} MB.`);
    if (phase.page.failed) this.#failures.push(`${name}: the page was answered "${phase.page.failed}".`);
    if (name !== DAEMON_STOPPED && questionsIn(phase.page) === 0)
      this.#failures.push(`${name}: no question of the page came to an end.`);
    this.#phases.push(phase);
    tell(phase);
  }
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
