import { PATIENCE, Traffic, type TrafficResult } from '@sidestep/bench';
import { z } from 'zod';
import type { Habit, Place } from './places.ts';

export type Result = TrafficResult<'torture'>;

const failureSchema = z.object({ failed: z.literal(true), clientPort: z.number() });

export interface Start {
  readonly port: number;
  readonly seed: number;
  readonly seconds: number;
  readonly threads: number;
  readonly cgroup: string;
  readonly executable: string;
}

/** Two processes that open connections to each other, from beginning to end. Disposing kills them. */
export class Group implements AsyncDisposable {
  readonly name: string;
  readonly place: Place;
  readonly habit: Habit;
  readonly port: number;
  readonly seed: number;
  readonly #traffic: Traffic<'torture'>;

  constructor(place: Place, habit: Habit, start: Start) {
    this.name = `${place.name}, ${habit}`;
    this.place = place;
    this.habit = habit;
    this.port = start.port;
    this.seed = start.seed;
    this.#traffic = new Traffic(
      'torture',
      {
        ...place.options(start.port),
        seed: start.seed,
        seconds: start.seconds,
        threads: start.threads,
        slow: PATIENCE,
        ...(habit === 'steady' ? {} : { [habit]: true }),
      },
      { cgroup: start.cgroup },
      start.executable,
    );
  }

  get running(): boolean {
    return this.#traffic.process.running;
  }

  /** The client's port of the connection that has failed, while it is still open. */
  get failedPort(): number | null {
    const line = this.#traffic.process.lines.at(-1);
    const failure = line?.startsWith('{"failed"') ? failureSchema.safeParse(JSON.parse(line)) : null;
    return failure?.success ? failure.data.clientPort : null;
  }

  get command(): string {
    return this.#traffic.process.name;
  }

  /** What it said on standard error: why it could not go on. */
  get errors(): string {
    return this.#traffic.process.errors;
  }

  /** Lets a failed connection go. */
  release(): void {
    this.#traffic.stop();
  }

  async result(): Promise<Result> {
    return await this.#traffic.result();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#traffic[Symbol.asyncDispose]();
  }
}
