import { once } from 'node:events';
import { createConnection, type NetConnectOpts } from 'node:net';
import { failureSchema } from '@sidestep/shared';
import fc from 'fast-check';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { inputs, type Method, paths, procedures } from './inputs.ts';

const SENTINEL = 987_654_321;
/** Fewer than the daemon lets through in one go, the questions in between included. */
const MOST_ON_ONE = 300;
/** A daemon that says nothing for so long hangs. */
const HANGS_MS = 20_000;

/** What a text or binary message on a ws connection may be. */
export type Message = string | Buffer;
export const MESSAGES_EACH = 8;

const ids = fc.oneof(fc.nat(50), fc.constantFrom<unknown>(null, '1', -1, 1.5, {}, [], true));
const methods = fc.oneof(
  fc.constantFrom<string>('query', 'mutation', 'subscription', 'subscription.stop', 'delete', '__proto__'),
  fc.string({ maxLength: 8 }),
);
const call = fc.record(
  {
    id: ids,
    jsonrpc: fc.constantFrom('2.0', '1.0'),
    method: methods,
    params: fc.oneof(
      fc.record(
        { path: fc.oneof({ weight: 4, arbitrary: paths }, fc.string()), input: inputs, lastEventId: inputs },
        { requiredKeys: [] },
      ),
      inputs,
    ),
  },
  { requiredKeys: [] },
);
/** One that the router takes, with any input. */
const proper = fc
  .tuple(fc.nat(50), paths, inputs)
  .map(([id, path, input]) => ({ id, method: procedures.get(path) as Method, params: { path, input } }));

const texts = fc.oneof(
  { weight: 4, arbitrary: proper.map((value) => JSON.stringify(value)) },
  { weight: 4, arbitrary: call.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(call, proper), { maxLength: 6 }).map((all) => JSON.stringify(all)),
  },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.constantFrom('PING', 'PONG', '', '[]', '{', '[[[[', 'x'.repeat(60_000)) },
);

/** Messages of callers who do not know the protocol, or know it too well. */
export const messages: fc.Arbitrary<Message[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: texts },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  ),
  { minLength: MESSAGES_EACH, maxLength: MESSAGES_EACH },
);

const idSchema = z.union([z.number(), z.string(), z.null()]).optional();
const answerSchema = z.union([
  z.object({
    id: idSchema,
    error: z.object({ message: z.string().min(1), data: z.object({ failure: failureSchema }) }),
  }),
  z.object({ id: idSchema, result: z.object({ type: z.enum(['data', 'started', 'stopped']).optional() }) }),
]);

/** Connections to a daemon, one after the other: each takes as many messages as the daemon lets one send. */
export class Talker implements Disposable {
  readonly #dial: () => WebSocket;
  #socket: WebSocket | null = null;
  #sent = 0;

  constructor(dial: () => WebSocket) {
    this.#dial = dial;
  }

  /** Sends them all and asks a plain question: every answer must be a proper one, and the last that to the question. */
  async say(all: readonly Message[]): Promise<void> {
    const socket = await this.#open(all.length + 1);
    const received: string[] = [];
    const answered = Promise.withResolvers<void>();
    const listen = (data: unknown) => {
      const text = String(data);
      received.push(text);
      if (text.includes(String(SENTINEL)) && (JSON.parse(text) as { id?: number }).id === SENTINEL)
        answered.resolve();
    };
    const closed = (code: number) =>
      answered.reject(new Error(`The daemon ended the connection with ${code}.`));
    socket.on('message', listen).on('close', closed);
    const timer = setTimeout(() => answered.reject(new Error('The daemon hangs.')), HANGS_MS);
    try {
      for (const message of all) socket.send(message);
      socket.send(`{"id":${SENTINEL},"method":"query","params":{"path":"acceleration.status"}}`);
      await answered.promise;
    } finally {
      clearTimeout(timer);
      socket.off('message', listen).off('close', closed);
    }
    for (const text of received) if (text !== 'PONG' && text !== 'PING') check(text);
  }

  async #open(count: number): Promise<WebSocket> {
    // One that has been idle for long may have been closed, when this machine was too busy for its pongs.
    if (this.#socket?.readyState === WebSocket.OPEN && this.#sent + count <= MOST_ON_ONE) {
      this.#sent += count;
      return this.#socket;
    }
    this.#socket?.terminate();
    this.#socket = this.#dial();
    this.#sent = count;
    await once(this.#socket, 'open');
    return this.#socket;
  }

  [Symbol.dispose](): void {
    this.#socket?.terminate();
  }
}

/** Words and a remedy for everybody, never a stack. */
function check(text: string): void {
  const value: unknown = JSON.parse(text);
  for (const answer of Array.isArray(value) ? value : [value]) {
    const read = answerSchema.safeParse(answer);
    if (!read.success) throw new Error(`The daemon said ${text.slice(0, 500)}: ${read.error.message}`);
    if (!('error' in read.data)) continue;
    const { message, remedy } = read.data.error.data.failure;
    expect(message, text).toMatch(/\S[.]$/);
    expect(remedy, text).toMatch(/\S/);
    expect(message, text).not.toContain('Something unexpected');
    expect(text).not.toMatch(/node_modules|\.ts:\d/);
  }
}

/** What comes back for raw bytes until the other end closes, or has said nothing more for a moment after its answer. */
export async function exchangeBytes(where: NetConnectOpts, bytes: Uint8Array): Promise<string> {
  const socket = createConnection(where);
  let answer = '';
  const over = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The daemon hangs.')), HANGS_MS);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('close', end).on('error', end);
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
  });
  socket.end(bytes);
  await over;
  socket.destroy();
  return answer;
}
