import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionPage, ConnectionView } from '@sidestep/shared';
import { deltaOf } from './delta.ts';
import type { ConnectionSampler } from './sampler.ts';
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
    return this.#page(view);
  }

  async *watch(view: ConnectionView, signal: AbortSignal): ReturnType<ConnectionService['watch']> {
    let held = this.#page(view);
    yield { type: 'snapshot', ...held };
    while (true) {
      await sleep(FRAME_MS, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      const page = this.#page(view);
      const delta = deltaOf(held, page);
      held = page;
      if (delta) yield delta;
    }
  }

  #page(view: ConnectionView): ConnectionPage {
    const { open, closed } = this.#sampler.sample(FRAME_MS);
    return pageOf(open, closed, view);
  }
}
