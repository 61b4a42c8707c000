import { z } from 'zod';
import { Cgroup } from './sandbox/cgroup.ts';
import { Daemon } from './sandbox/daemon.ts';

const countersSchema = z.object({ bypass: z.number(), stack: z.number() });
const statusSchema = z.object({ messages: countersSchema });

/** What every cell measures in: a cgroup in which acceleration is on, and one beside it that nothing is attached to. */
export class Bed implements AsyncDisposable {
  readonly accelerated: Cgroup;
  readonly plain: Cgroup;
  readonly daemon: Daemon;
  readonly #everything: AsyncDisposableStack;

  private constructor(accelerated: Cgroup, plain: Cgroup, daemon: Daemon, everything: AsyncDisposableStack) {
    this.accelerated = accelerated;
    this.plain = plain;
    this.daemon = daemon;
    this.#everything = everything;
  }

  static async make(): Promise<Bed> {
    await using opened = new AsyncDisposableStack();
    const accelerated = opened.use(new Cgroup('bench-accelerated'));
    const plain = opened.use(new Cgroup('bench-plain'));
    const daemon = opened.use(new Daemon('bench', accelerated.path));
    await daemon.start();
    await daemon.cli('enable');
    return new Bed(accelerated, plain, daemon, opened.move());
  }

  /** Messages that took the bypass since acceleration is on. */
  async bypassedMessages(): Promise<number> {
    return statusSchema.parse(JSON.parse(await this.daemon.cli('status', '--json'))).messages.bypass;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#everything.disposeAsync();
  }
}
