import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Process, Process as StartedProcess, type StartOptions } from './sandbox/process.ts';

const latencySchema = z.object({
  p50: z.number(),
  p90: z.number(),
  p99: z.number(),
  p999: z.number(),
  max: z.number(),
});

/** `wrong` counts bytes that were not what the pattern has at their position. `error` is the last one's words. */
const checked = { wrong: z.number(), errors: z.number(), error: z.string() };

const splicerSchema = z.object({ turns: z.number(), wrong: z.number() });

/** What each traffic program prints at its end. Bytes count both directions. */
const resultSchemas = {
  exchange: z.object({
    ...checked,
    connections: z.number(),
    seconds: z.number(),
    exchanges: z.number(),
    perSecond: z.number(),
    /** CPU time of this process for each exchange. */
    cpuUs: z.number(),
    latencyUs: latencySchema,
    sent: z.number(),
    received: z.number(),
    /** Connections that did not come to their end: an answer was missing. */
    unfinished: z.number(),
  }),
  stream: z.object({
    ...checked,
    connections: z.number(),
    seconds: z.number(),
    sent: z.number(),
    received: z.number(),
    gigabitsPerSecond: z.number(),
    /** TCP_NOTSENT_LOWAT of the sender's sockets at their end; 0: as they were made. */
    lowWaterMark: z.number(),
    firstWrong: z.number(),
    longestGapMs: z.number(),
    finished: z.boolean(),
  }),
  flood: z.object({
    ...checked,
    connections: z.number(),
    /** As the receiver saw it, the warm-up left out; `sent`, `received` and `messages` are of the whole run. */
    seconds: z.number(),
    gigabitsPerSecond: z.number(),
    sent: z.number(),
    received: z.number(),
    messages: z.number(),
    /** Share of a CPU that each end used, from 0 to its number of threads. */
    senderCpu: z.number(),
    receiverCpu: z.number(),
    finished: z.boolean(),
  }),
  shorts: z.object({
    ...checked,
    connections: z.number(),
    /** As the client and as the server saw it. */
    done: z.number(),
    served: z.number(),
    seconds: z.number(),
    /** Connections whose SYN carried data. */
    synData: z.number(),
    slowestMs: z.number(),
  }),
  stall: z.object({
    ...checked,
    /** Bytes that the sender could send before it was held up. */
    accepted: z.number(),
    heldUp: z.boolean(),
    /** SO_RCVBUF as the reader's kernel has it. */
    buffer: z.number(),
    /** How often poll said that there was room and the next send that there was none. */
    emptyPromises: z.number(),
    /** How long the sender was held up before it had had enough of that, and the bytes that it could send when the reader was back. */
    heldMs: z.number(),
    afterwards: z.number(),
    /** From the reader's coming back until it had what was sent before that. */
    lateMs: z.number(),
    /** TCP_THIN_LINEAR_TIMEOUTS of the sender's socket at its end: 0 or 1. */
    linearTimeouts: z.number(),
    /** Its keepalive: seconds of silence before it and between its probes, and how many may be lost; all 0 when it is off. */
    keepIdle: z.number(),
    keepInterval: z.number(),
    keepProbes: z.number(),
    sent: z.number(),
    received: z.number(),
  }),
  torture: z.object({
    /** In decimal, because it does not fit a JavaScript number. */
    seed: z.string(),
    seconds: z.number(),
    connections: z.number(),
    /** Connections that one end, or the end of its process, broke off as planned. */
    cut: z.number(),
    /** Received and checked. */
    bytes: z.number(),
    /** Processes that were killed and replaced. */
    kills: z.number(),
    /** EAGAIN from sockets that began to block in mid-life. */
    oddAgain: z.number(),
    /** The longest that a reader waited for bytes that had been sent. */
    longestGapMs: z.number(),
    right: z.boolean(),
    /** What was wrong first, whose plan it was and where it stood; empty when all was right. */
    failure: z.string(),
  }),
  /** `error` is the sender's, in words; empty when it had none. */
  trickle: z.object({ sent: z.number(), received: z.number(), wrong: z.number(), error: z.string() }),
  handed: z.object({ right: z.boolean() }),
  /** Its requests; bytes as its client sent and received them. */
  multiplex: z.object({
    requests: z.number(),
    sent: z.number(),
    received: z.number(),
    wrong: z.number(),
    right: z.boolean(),
  }),
  quirks: z.object({ outcome: z.string() }),
  splicer: splicerSchema,
  'splicer-linked': splicerSchema,
  asker: z.object({
    wrong: z.number(),
    error: z.string(),
    messages: z.number(),
    /** All of them, or those before the reader fell asleep. */
    answered: z.number(),
    sent: z.number(),
    received: z.number(),
  }),
};

export type TrafficProgram = keyof typeof resultSchemas;
export type TrafficResult<P extends TrafficProgram> = z.infer<(typeof resultSchemas)[P]>;
export type TrafficOptions = Readonly<Record<string, string | number | boolean>>;

/** A traffic program that runs; see its `--help` for the options. */
export class Traffic<P extends TrafficProgram> implements AsyncDisposable {
  readonly program: P;
  readonly process: Process;

  /** `executable` is a copy of the program, for those who must not be known by what others do with it. */
  constructor(
    program: P,
    options: TrafficOptions = {},
    where: StartOptions = {},
    executable: string = trafficPath(program),
  ) {
    this.program = program;
    this.process = new StartedProcess([executable, ...words(options)], where);
  }

  get pid(): number {
    return this.process.pid;
  }

  /** The port that it listens on, as soon as it does. */
  async port(): Promise<number> {
    const line = await this.process.firstLine();
    return z.object({ listening: z.number() }).parse(JSON.parse(line)).listening;
  }

  /** Asks it to finish what is under way. */
  stop(): void {
    this.process.kill('SIGTERM');
  }

  /** Waits for its end. A result with wrong or lost bytes is a result; no result at all throws. */
  async result(): Promise<TrafficResult<P>> {
    const status = await this.process.status();
    const line = this.process.lines.at(-1);
    if (!line?.startsWith('{"program"'))
      throw new Error(`${this.process.name} ended with ${status} and no result: ${this.process.errors}`);
    return resultSchemas[this.program].parse(JSON.parse(line)) as TrafficResult<P>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** Also of what makes no traffic, and is run by its path. */
export function trafficPath(program: TrafficProgram | 'served-file'): string {
  return fileURLToPath(new URL(`../build/${program}`, import.meta.url));
}

function words(options: TrafficOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}=${value}`];
  });
}
