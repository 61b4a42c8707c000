import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionPage, ConnectionView } from '@sidestep/shared';
import { breathe } from '../breathe.ts';
import { deltaOf } from './delta.ts';
import type { ConnectionSampler, Sample } from './sampler.ts';
import type { ConnectionService } from './service.ts';
import { pageOf } from './view.ts';

const FRAME_MS = 250;

/** The table of connections, as each reader wants to see it. */
export class ConnectionTable implements ConnectionService {
  readonly #sampler: ConnectionSampler;

  constructor(sampler: ConnectionSampler) {
    this.#sampler = sampler;
  }

  async list(view: ConnectionView): Promise<ConnectionPage> {
    const { open, closed } = await this.#sampleOfOwn();
    return pageOf(open, closed, view);
  }

  async *watch(view: ConnectionView, signal: AbortSignal): ReturnType<ConnectionService['watch']> {
    let sample = await this.#sampleOfOwn();
    let held = pageOf(sample.open, sample.closed, view);
    yield { type: 'snapshot', ...held };
    while (true) {
      await sleep(FRAME_MS, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      const next = await this.#sampleOfOwn();
      if (signal.aborted) return;
      // Where looking takes long, there is not always a newer one.
      if (next === sample) continue;
      sample = next;
      const page = pageOf(sample.open, sample.closed, view);
      const delta = deltaOf(held, page);
      held = page;
      if (delta) yield delta;
    }
  }

  /** Many wait for the same look: what each of them makes of it takes a while, and others have their turn in between. */
  async #sampleOfOwn(): Promise<Sample> {
    const sample = await this.#sampler.sample(FRAME_MS);
    await breathe();
    return sample;
  }
}
