import { once } from 'node:events';
import { Access, type HttpServer, memoryDatabase, startHttp } from '@sidestep/server/http';
import type { Check, TraceBatch, TraceLine, TraceStatus } from '@sidestep/shared';
import { createNouns, type Nouns } from '../../../server/src/nouns.ts';
import { SequenceLog } from '../../../server/src/sequence-log.ts';
import type { Services } from '../../../server/src/services.ts';
import { StandInDataPlane } from './stand-in-data-plane.ts';

const CLOCKS = { now: Date.now, steady: () => performance.now() };
const WEB = new URL('../../out', import.meta.url).pathname;

/** The lines of a kernel that writes what the test says. */
class StandInTrace {
  readonly log = new SequenceLog<TraceLine>(20_000, 0);
  on = false;
  why: string | null = null;

  write(...lines: string[]): void {
    const at = new Date().toISOString();
    this.log.append(lines.map((text) => ({ at, text })));
  }

  async status(): Promise<TraceStatus> {
    return { on: this.on, available: this.why === null, why: this.why };
  }

  async switch(on: boolean): Promise<TraceStatus> {
    this.on = on;
    return this.status();
  }

  async list(limit: number): Promise<TraceBatch> {
    return { lines: this.log.before(this.log.newest + 1, limit, () => true), missed: 0 };
  }

  async *follow(after: number | null, signal: AbortSignal) {
    let last = after ?? this.log.newest;
    while (!signal.aborted) {
      const seen = this.log.changes.version;
      const { entries, missed, ...read } = this.log.after(last, 1000);
      last = read.last;
      if (entries.length > 0) yield { last, batch: { lines: entries, missed } };
      await this.log.changes.after(seen, signal);
    }
  }
}

/**
 * The daemon with a kernel that does as the test says: real services, real HTTP, real ws. It can be stopped and started
 * again on the same port, and then remembers what a daemon with the same state folder would.
 */
export class StandIn implements AsyncDisposable {
  readonly dataPlane = new StandInDataPlane();
  readonly trace = new StandInTrace();
  /** What the next check-up finds. */
  checks: Check[] = [];
  #beforeCheckUp: () => Promise<void> = async () => {};
  /** Replaces parts of the real services: what the daemon would say in situations that it cannot be brought into. */
  overrides: { -readonly [Noun in keyof Services]?: Services[Noun] } = {};
  readonly #database = memoryDatabase();
  readonly #access = new Access({ database: this.#database, token: 'stand-in', ...CLOCKS });
  #port = 0;
  #nouns: Nouns | null = null;
  #http: HttpServer | null = null;

  static async start(prepare?: (standIn: StandIn) => void): Promise<StandIn> {
    const standIn = new StandIn();
    prepare?.(standIn);
    await standIn.start();
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get services(): Services {
    if (!this.#nouns) throw new Error('The stand-in is stopped.');
    return this.#nouns.services;
  }

  signInLink(): string {
    if (!this.#http) throw new Error('The stand-in is stopped.');
    return this.#http.signInLink();
  }

  /** Makes the next check-ups wait until what this returns is called. */
  holdCheckUp(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#beforeCheckUp = () => promise;
    return resolve;
  }

  /** Makes the next check-up, and only that one, end with an error. */
  failCheckUp(message: string): void {
    this.#beforeCheckUp = async () => {
      this.#beforeCheckUp = async () => {};
      throw new Error(message);
    };
  }

  async start(): Promise<void> {
    const log = () => {};
    this.#nouns = createNouns({
      dataPlane: this.dataPlane,
      database: this.#database,
      log,
      ...CLOCKS,
      cgroup: '/',
      pinDir: '/sys/fs/bpf/sidestep',
      version: '0.1.0',
      notices: () => [],
      trace: { root: '/nowhere', key: 'stand-in' },
      examine: async (signal) => {
        await Promise.race([this.#beforeCheckUp(), once(signal, 'abort')]);
        return structuredClone(this.checks);
      },
    });
    this.#http = await startHttp({
      services: { ...this.#nouns.services, trace: this.trace, ...this.overrides },
      access: this.#access,
      listen: { host: '127.0.0.1', port: this.#port },
      webDir: WEB,
      version: '0.1.0',
      log,
      certificate: null,
      ready: Promise.resolve(),
    });
    this.#port = Number(new URL(this.#http.url).port);
    this.#nouns.start();
  }

  /** The daemon goes; what it accelerates stays. */
  async stop(): Promise<void> {
    await this.#http?.[Symbol.asyncDispose]();
    await this.#nouns?.[Symbol.asyncDispose]();
    this.#http = null;
    this.#nouns = null;
    this.dataPlane.left = this.dataPlane.enabled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#database.close();
  }
}
