import { Traffic, type TrafficResult, until } from '@sidestep/bench';
import type { TestDaemon } from '../kernel/support/test-daemon.ts';

/** Both ends of a connection are in one process, and some systems let no process have more than 20 000 descriptors. */
const MOST_EACH = 9000;
const THREADS_EACH = 4;
const ENDLESS = 4_000_000_000;
const LONG_SECONDS = 86_400;
/** Between two exchanges of a connection that is busy. */
const PAUSE_MS = 20;
/** Exchanges a second of all that rest together. What comes in a crowd is followed only once it has exchanged again. */
const EXCHANGES_AT_REST = 10_000;

/** Each program has an address of its own, and so all local ports to itself. */
const address = (index: number) => `127.0.0.${index + 2}:0`;

/** Connections that stay open. A tenth of them exchange all the time, the others now and then. */
export class Crowd implements AsyncDisposable {
  readonly #programs: readonly Traffic<'exchange'>[];
  readonly #count: number;

  constructor(cgroup: string, count: number) {
    const programs = Math.ceil(count / MOST_EACH);
    const each = Math.ceil(count / programs);
    this.#count = each * programs;
    this.#programs = Array.from(
      { length: programs },
      (_, index) =>
        new Traffic(
          'exchange',
          {
            address: address(index),
            connections: each,
            active: Math.ceil(each / 10),
            'pause-ms': PAUSE_MS,
            'rest-ms': Math.ceil((count / EXCHANGES_AT_REST) * 1000),
            seconds: LONG_SECONDS,
            grace: 60,
          },
          { cgroup },
        ),
    );
  }

  /** Resolves with the number of connections when all of them are open and known to the daemon, or counted as not tracked. */
  async open(daemon: TestDaemon): Promise<number> {
    await until(
      `${this.#count} connections are open`,
      async () => {
        if (this.#programs.some(({ process }) => !process.running)) throw new Error(this.#troubles());
        const { connections, untracked } = await daemon.api.acceleration.status.query();
        return connections.open + untracked >= this.#count;
      },
      { deadline: 300_000, every: 500 },
    );
    return this.#count;
  }

  /** Closes all of them, and returns how many exchanges there were. */
  async close(): Promise<{ exchanges: number; failures: string[] }> {
    for (const program of this.#programs) program.stop();
    const results = await Promise.all(this.#programs.map((program) => program.result()));
    return {
      exchanges: results.reduce((sum, { exchanges }) => sum + exchanges, 0),
      failures: results.flatMap((result) => failuresIn('exchange', result, result.unfinished)),
    };
  }

  #troubles(): string {
    return this.#programs.map(({ process }) => process.errors).join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
  }
}

/** What a flood has done. */
export interface Flooded {
  readonly connections: number;
  readonly perSecond: number;
  readonly failures: readonly string[];
}

/** Connections that open, exchange so many times, and close again as fast as they can, until they are told to stop. */
export class Flood implements AsyncDisposable {
  readonly #programs: readonly Traffic<'shorts'>[];

  constructor(cgroup: string, programs: number, turns = 1) {
    this.#programs = Array.from(
      { length: programs },
      (_, index) =>
        new Traffic(
          'shorts',
          { address: address(index), connections: ENDLESS, threads: THREADS_EACH, turns },
          { cgroup },
        ),
    );
  }

  async close(): Promise<Flooded> {
    for (const program of this.#programs) program.stop();
    const results = await Promise.all(this.#programs.map((program) => program.result()));
    return {
      connections: results.reduce((sum, { done }) => sum + done, 0),
      perSecond: results.reduce((sum, { done, seconds }) => sum + done / seconds, 0),
      failures: results.flatMap((result) => failuresIn('shorts', result, result.done - result.served)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
  }
}

function failuresIn(
  program: string,
  { wrong, errors, error }: Pick<TrafficResult<'shorts'>, 'wrong' | 'errors' | 'error'>,
  missing: number,
): string[] {
  if (wrong === 0 && errors === 0 && missing === 0) return [];
  return [
    `${program}: ${wrong} wrong bytes, ${missing} connections without their end, ${errors} errors ${error}`,
  ];
}
