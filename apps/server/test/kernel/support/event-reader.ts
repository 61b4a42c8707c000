import { join } from 'node:path';
import { type Daemon, run, until } from '@sidestep/bench';
import type { EventKind } from '@sidestep/shared';
import { expect } from 'vitest';
import { z } from 'zod';
import { connectClient } from './client.ts';

const MARKS = new Set(['enabled', 'disabled', 'lost']);

const dumpSchema = z.array(
  z.object({
    formatted: z.object({
      values: z.array(z.object({ value: z.object({ events_sent: z.number(), events_lost: z.number() }) })),
    }),
  }),
);

/** Follows the events of a daemon as a page does: through restarts, each time from the last number on. */
export class EventReader implements AsyncDisposable {
  readonly #client;
  readonly #numbers: number[] = [];
  readonly #kinds = new Map<EventKind, number>();
  #last = 0;
  #fromKernel = 0;
  #lost = 0;
  #missed = 0;

  constructor(socketPath: string) {
    this.#client = connectClient(socketPath);
    this.#client.api.events.follow.subscribe(
      { lastEventId: '0' },
      {
        onData: ({ id, data: { events, missed } }) => {
          for (const { seq, kind, count } of events) {
            this.#numbers.push(seq);
            this.#kinds.set(kind, this.countOf(kind) + 1);
            if (!MARKS.has(kind)) this.#fromKernel++;
            if (kind === 'lost') this.#lost += count ?? 0;
          }
          this.#missed += missed;
          this.#last = Number(id);
        },
      },
    );
  }

  /** Resolves when it has received an event. */
  async begun(): Promise<void> {
    await until('an event has come', () => this.#numbers.length > 0);
  }

  /** Of those that it has received. */
  countOf(kind: EventKind): number {
    return this.#kinds.get(kind) ?? 0;
  }

  /** Events of any kind that did not reach it. */
  get unseen(): number {
    return this.#lost + this.#missed;
  }

  /** As noted by the daemon. */
  get lost(): number {
    return this.#lost;
  }

  /** Events as the kernel itself counts them. */
  async kernelCounts({ pinDir }: Daemon): Promise<{ sent: number; lost: number }> {
    const dump = await run(['bpftool', '-j', 'map', 'dump', 'pinned', join(pinDir, 'map_totals')]);
    const values = dumpSchema.parse(JSON.parse(dump)).flatMap(({ formatted }) => formatted.values);
    return {
      sent: values.reduce((sum, { value }) => sum + value.events_sent, 0),
      lost: values.reduce((sum, { value }) => sum + value.events_lost, 0),
    };
  }

  /**
   * Waits until each event that the kernel sent has come, was missed because its daemon died with it, or stands in a `lost`; not one
   * more. No number has come twice.
   */
  async expectComplete(daemon: Daemon): Promise<void> {
    let seen = '';
    await until('the kernel counts what was received, missed and lost', async () => {
      const { sent, lost } = await this.kernelCounts(daemon);
      seen = `${sent} sent, ${lost} lost; ${this.#fromKernel} received, ${this.#missed} missed, ${this.#lost} noted as lost`;
      return sent === this.#fromKernel + this.#missed + this.#lost && lost === this.#lost;
    }).catch((error) => expect.fail(`${error.message} ${seen}`));
    expect(this.#numbers.findIndex((seq, at) => at > 0 && seq <= (this.#numbers[at - 1] ?? 0))).toBe(-1);
    expect(this.#numbers.length + this.#missed).toBe(this.#last);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
