import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** What a relay does to the byte at one position of what it passes on. */
export type Fault = 'none' | 'flip' | 'drop' | 'double' | 'swap';

export interface RelayOptions {
  readonly port: number;
  readonly target: () => Promise<number> | number;
  readonly fault: Fault;
  readonly direction: 'up' | 'down';
  readonly position: number;
}

/** Passes bytes on between its clients and a target on 127.0.0.1, with one fault in one direction of each connection. */
export async function startRelay(options: RelayOptions): Promise<AsyncDisposable & { port: number }> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, async (client) => {
    const target = connect({ port: await options.target(), host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        client.destroy();
        target.destroy();
      });
    }
    const fault = () => new Faulty(options.fault, options.position);
    if (options.direction === 'up') {
      client.pipe(fault()).pipe(target);
      target.pipe(client);
    } else {
      client.pipe(target);
      target.pipe(fault()).pipe(client);
    }
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Holds back until the byte at `position` and the one after it are both there, then does its one fault. */
class Faulty extends Transform {
  #seen = 0;
  #held: Buffer = Buffer.alloc(0);
  #done: boolean;
  readonly fault: Fault;
  readonly position: number;

  constructor(fault: Fault, position: number) {
    super();
    this.fault = fault;
    this.position = position;
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
    }
    done();
  }

  #pass(bytes: Buffer): void {
    this.#seen += bytes.length;
    if (bytes.length > 0) this.push(bytes);
  }
}

function spoil(bytes: Buffer, at: number, fault: Fault): Buffer {
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
