import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** What a relay does to the byte at one position of what it passes on. */
type Slip = 'flip' | 'drop' | 'double' | 'swap';
/** Doubles that byte too, and waits for none after it: it may be the last. */
type Repeat = 'again';
/**
 * Or to all from there on: keeps them back, lets them end, loses them and passes on the end, breaks the connection. Or to the end: keeps it
 * back, passes on more before it.
 */
type Break = 'hold' | 'end' | 'tail' | 'reset' | 'no end' | 'more';
export type Fault = 'none' | Slip | Repeat | Break;

const MORE = Buffer.alloc(8);

export interface RelayOptions {
  readonly port: number;
  readonly target: () => Promise<number> | number;
  readonly fault: Fault;
  readonly direction: 'up' | 'down';
  readonly position: number;
  /** Where it calls the target from, with its client's port, as address translation does. */
  readonly from?: string;
}

export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Resolves when a slip has happened for the first time. */
  readonly slipped: Promise<void>;
}

/** Passes bytes on between its clients and a target on 127.0.0.1, with one fault in one direction of each connection. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const open = new Set<Socket>();
  const slipped = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: true }, async (client) => {
    const caller = options.from ? { localAddress: options.from, localPort: client.remotePort ?? 0 } : {};
    const port = await options.target();
    const target = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...caller });
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      // Else each end has its end passed on, or is to wait for it. An end in place of a reset would say that nothing is lost.
      socket.on('close', (broken) => {
        if (!broken) return;
        client.resetAndDestroy();
        target.resetAndDestroy();
      });
    }
    const reset = () => {
      client.resetAndDestroy();
      target.resetAndDestroy();
    };
    const fault = faulty(options, { slipped: slipped.resolve, reset });
    if (options.direction === 'up') {
      client.pipe(fault).pipe(target);
      target.pipe(client);
    } else {
      client.pipe(target);
      target.pipe(fault).pipe(client);
    }
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    slipped: slipped.promise,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Consequences {
  slipped(): void;
  reset(): void;
}

function faulty({ fault, position }: RelayOptions, { slipped, reset }: Consequences): Transform {
  switch (fault) {
    case 'hold':
    case 'end':
    case 'tail':
    case 'reset':
    case 'no end':
    case 'more':
      return new Breaking(fault, position, reset);
    case 'again':
      return new Repeating(position);
    default:
      return new Faulty(fault, position, slipped);
  }
}

/** Holds back until the byte at `position` and the one after it are both there, then does its one fault. */
class Faulty extends Transform {
  #seen = 0;
  #held: Buffer = Buffer.alloc(0);
  #done: boolean;
  readonly fault: Slip | 'none';
  readonly position: number;
  readonly #slipped: () => void;

  constructor(fault: Slip | 'none', position: number, slipped: () => void) {
    super();
    this.fault = fault;
    this.position = position;
    this.#slipped = slipped;
    this.#done = fault === 'none';
  }

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    const bytes = Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    const at = this.position - this.#seen;
    if (this.#done || bytes.length <= at) {
      this.#pass(bytes);
    } else if (bytes.length === at + 1) {
      this.#pass(bytes.subarray(0, at));
      this.#held = Buffer.from(bytes.subarray(at));
    } else {
      this.#done = true;
      this.#pass(spoil(bytes, at, this.fault));
      this.#slipped();
    }
    done();
  }

  #pass(bytes: Buffer): void {
    this.#seen += bytes.length;
    if (bytes.length > 0) this.push(bytes);
  }
}

/** Passes all on, the byte at `position` twice and in one piece: whoever has read it once finds it there once more. */
class Repeating extends Transform {
  #left: number;

  constructor(position: number) {
    super();
    this.#left = position + 1;
  }

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    const until = this.#left;
    this.#left -= chunk.length;
    const here = until > 0 && until <= chunk.length;
    this.push(here ? Buffer.concat([chunk.subarray(0, until), chunk.subarray(until - 1)]) : chunk);
    done();
  }
}

/** Passes all on up to the byte at `position`, or up to the end. */
class Breaking extends Transform {
  #left: number;
  #broken = false;
  readonly fault: Break;
  readonly #reset: () => void;

  constructor(fault: Break, position: number, reset: () => void) {
    super();
    this.fault = fault;
    this.#left = fault === 'more' || fault === 'no end' ? Infinity : position;
    this.#reset = reset;
  }

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    const passed = chunk.subarray(0, this.#left);
    this.#left -= passed.length;
    if (passed.length > 0) this.push(passed);
    if (passed.length < chunk.length && !this.#broken) this.#break();
    done();
  }

  override _flush(done: () => void): void {
    if (this.fault === 'more') this.push(MORE);
    if (this.fault !== 'no end' && !(this.fault === 'hold' && this.#broken)) done();
  }

  #break(): void {
    this.#broken = true;
    if (this.fault === 'end') this.push(null);
    if (this.fault === 'reset') this.#reset();
  }
}

function spoil(bytes: Buffer, at: number, fault: Slip | 'none'): Buffer {
  const [first, second] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
  const between = {
    none: [first, second],
    flip: [first ^ 1, second],
    drop: [second],
    double: [first, first, second],
    // Equal neighbours would make it no fault at all.
    swap: first === second ? [first ^ 1, second] : [second, first],
  }[fault];
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(between), bytes.subarray(at + 2)]);
}
