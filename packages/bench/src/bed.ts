import { Cgroup } from './sandbox/cgroup.ts';
import { Daemon } from './sandbox/daemon.ts';
import { Textbook } from './textbook.ts';
import { type Bytes, Totals } from './totals.ts';
import type { Variant } from './variants.ts';

/** What every cell measures in: a cgroup in which acceleration is on, one with the textbook redirect, and one that nothing is attached to. */
export class Bed implements AsyncDisposable {
  readonly accelerated: Cgroup;
  readonly textbook: Cgroup;
  readonly plain: Cgroup;
  readonly daemon: Daemon;
  readonly #totals: Totals;
  readonly #everything: AsyncDisposableStack;

  private constructor(
    parts: Pick<Bed, 'accelerated' | 'textbook' | 'plain' | 'daemon'> & { totals: Totals },
    everything: AsyncDisposableStack,
  ) {
    this.accelerated = parts.accelerated;
    this.textbook = parts.textbook;
    this.plain = parts.plain;
    this.daemon = parts.daemon;
    this.#totals = parts.totals;
    this.#everything = everything;
  }

  static async make(): Promise<Bed> {
    await using opened = new AsyncDisposableStack();
    const accelerated = opened.use(new Cgroup('bench-accelerated'));
    const textbook = opened.use(new Cgroup('bench-textbook'));
    const plain = opened.use(new Cgroup('bench-plain'));
    opened.use(Textbook.attach(textbook.path));
    const daemon = opened.use(new Daemon('bench', accelerated.path));
    await daemon.start();
    await daemon.cli('enable');
    const totals = opened.use(new Totals(daemon.socketPath));
    return new Bed({ accelerated, textbook, plain, daemon, totals }, opened.move());
  }

  cgroupOf(variant: Variant): Cgroup {
    switch (variant) {
      case 'Sidestep':
        return this.accelerated;
      case 'textbook':
        return this.textbook;
      default:
        return this.plain;
    }
  }

  /** Since acceleration is on. */
  async bypassedBytes(): Promise<number> {
    return (await this.#totals.bytes()).bypass;
  }

  /** Connections that are on the bypass. */
  async bypassing(): Promise<number> {
    return await this.#totals.bypassing();
  }

  /** Runs something in the accelerated cgroup, and counts the bytes that its programs sent meanwhile by the path that they took. */
  async counted<T>(work: () => Promise<T>): Promise<{ result: T; bytes: Bytes }> {
    const before = await this.#totals.bytes();
    const result = await work();
    const after = await this.#totals.bytes();
    return {
      result,
      bytes: { bypass: after.bypass - before.bypass, stack: after.stack - before.stack },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#everything.disposeAsync();
  }
}
