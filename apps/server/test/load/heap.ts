import { until } from '@sidestep/bench';
import { z } from 'zod';
import type { TestDaemon } from '../kernel/support/test-daemon.ts';

const INSPECTOR = ['--inspect=127.0.0.1:0'];
const HELD = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';

const answerSchema = z.object({
  id: z.int(),
  error: z.object({ message: z.string() }).optional(),
  result: z.unknown(),
});
const evaluatedSchema = z.object({ result: z.object({ value: z.number() }) });

/** Lets the daemon be looked into; before it starts. */
export function allowInspection(daemon: TestDaemon): void {
  daemon.main = [...INSPECTOR, ...daemon.main];
}

/** What a daemon holds on to, as Node.js tells its inspector. Resident memory hides that: it grows with garbage, and hardly shrinks. */
export class Heap implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(String(data)));
    socket.addEventListener('close', () => this.#fail('The daemon has ended its inspector.'));
  }

  static async open(daemon: TestDaemon): Promise<Heap> {
    const url = await until(
      'the daemon names its inspector',
      () => /^Debugger listening on (ws:\S+)$/m.exec(daemon.process.errors)?.[1],
    );
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    return new Heap(socket);
  }

  async collect(): Promise<void> {
    // What only a finalizer lets go of goes the second time.
    await this.#ask('HeapProfiler.collectGarbage');
    await this.#ask('HeapProfiler.collectGarbage');
  }

  /** Bytes that are left once all garbage is collected, buffers outside of the heap among them. */
  async held(): Promise<number> {
    await this.collect();
    return evaluatedSchema.parse(await this.#ask('Runtime.evaluate', { expression: HELD })).result.value;
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#asked;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  }

  #take(message: string): void {
    const { success, data } = answerSchema.safeParse(JSON.parse(message));
    // What is no answer is news that nobody asked for.
    if (!success) return;
    const waiting = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    if (data.error) waiting?.reject(new Error(data.error.message));
    else waiting?.resolve(data.result);
  }

  #fail(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
