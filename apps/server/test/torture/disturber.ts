import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE, until } from '@sidestep/bench';
import type { PortRange } from '@sidestep/shared';
import { connectClient } from '../kernel/support/client.ts';
import type { TestDaemon } from '../kernel/support/test-daemon.ts';
import type { Dice } from './dice.ts';
import { PORTS } from './places.ts';
import type { Tally } from './tally.ts';

/** A drain that takes longer than this has failed. */
const DRAIN_MS = 60_000;
const QUEUE_CAPS = [65_536, 262_144, 4_194_304, 16_777_216, 67_108_864] as const;
const ENDED = Symbol('ended');

/** Switches acceleration on and off, changes its settings, kills the daemon and starts it again, at moments that the dice choose. */
export class Disturber {
  readonly done = { enabled: 0, disabled: 0, caps: 0, rules: 0, kills: 0, listings: 0 };
  readonly #daemon: TestDaemon;
  readonly #dice: Dice;
  readonly #tally: Tally;
  readonly #stop = new AbortController();
  readonly #pack: (() => Promise<void>)[] = [];
  #listener: ReturnType<typeof connectClient> | null = null;

  constructor(daemon: TestDaemon, dice: Dice, tally: Tally) {
    this.#daemon = daemon;
    this.#dice = dice;
    this.#tally = tally;
  }

  /** Until it is stopped. Throws when the daemon does not do what it should. */
  async run(): Promise<void> {
    this.#listen();
    await this.#enable();
    while (!this.#stop.signal.aborted) {
      if ((await this.#rest(this.#dice.between(50, 2500) * PATIENCE)) === ENDED) break;
      await this.#draw()();
    }
  }

  /** From a pack, so that each has its turn. */
  #draw(): () => Promise<void> {
    if (this.#pack.length === 0)
      this.#pack.push(
        () => this.#toggle(),
        () => this.#kill(),
        () => this.#killInTheMiddle(),
        () => this.#changeCap(),
        () => this.#changeRules(),
        () => this.#list(),
        () => this.#list(),
      );
    const [drawn] = this.#pack.splice(Math.floor(this.#dice.between(0, this.#pack.length)), 1);
    return drawn as () => Promise<void>;
  }

  /** After what is under way. */
  stop(): void {
    this.#stop.abort();
  }

  /** Nothing must be left of acceleration then. */
  async end(): Promise<void> {
    await this.#settled();
    await this.#disable();
    await this.#listener?.[Symbol.asyncDispose]();
  }

  async #toggle(): Promise<void> {
    if ((await this.#settled()) === 'off') return await this.#enable();
    await this.#disable();
    // Mostly on: that is when something can go wrong.
    await this.#rest(this.#dice.between(10, 1500));
    await this.#enable();
  }

  async #enable(): Promise<void> {
    await this.#daemon.api.acceleration.enable.mutate();
    this.done.enabled++;
  }

  async #disable(): Promise<void> {
    const disabling = this.#daemon.disable();
    const timeLimit = sleep(DRAIN_MS * PATIENCE, ENDED, { ref: false });
    if ((await Promise.race([disabling, timeLimit])) === ENDED)
      throw new Error(`Acceleration is still draining after ${(DRAIN_MS * PATIENCE) / 1000} s.`);
    this.done.disabled++;
  }

  async #changeCap(): Promise<void> {
    await this.#daemon.api.settings.update.mutate({ queueCap: this.#dice.one(QUEUE_CAPS) });
    this.done.caps++;
  }

  async #changeRules(): Promise<void> {
    await this.#daemon.api.settings.update.mutate({ keepOnStack: this.#rules() });
    this.done.rules++;
  }

  /** None, a port, or a range: mostly few, for what is kept on the stack tries nothing. */
  #rules(): PortRange[] {
    const first = Math.floor(this.#dice.between(PORTS[0] ?? 0, (PORTS.at(-1) ?? 0) + 1));
    return this.#dice.one([[], [{ first, last: first }], [{ first, last: first + 4 }]]);
  }

  async #list(): Promise<void> {
    await this.#daemon.connections({ includeClosed: true });
    await this.#daemon.api.acceleration.status.query();
    this.done.listings++;
  }

  async #kill(): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
    this.#listener = null;
    await this.#daemon.stop('SIGKILL');
    this.done.kills++;
    await this.#rest(this.#dice.between(0, 1500));
    await this.#daemon.start();
    this.#listen();
  }

  /** While it switches on or off. */
  async #killInTheMiddle(): Promise<void> {
    const { acceleration } = this.#daemon.api;
    const changing = (await this.#settled()) === 'on' ? acceleration.disable : acceleration.enable;
    changing.mutate().catch(() => {});
    await this.#rest(this.#dice.between(0, 400) * PATIENCE);
    await this.#kill();
    if ((await this.#settled()) !== 'on') await this.#enable();
  }

  /** The state, once it is neither enabling nor draining. */
  async #settled(): Promise<'on' | 'off'> {
    return await until(
      'acceleration is on or off',
      async () => {
        const { state, failure } = await this.#daemon.api.acceleration.status.query();
        if (state === 'failed')
          throw new Error(`Acceleration failed: ${failure?.message} ${failure?.log ?? ''}`);
        return (state === 'on' || state === 'off') && state;
      },
      { deadline: DRAIN_MS },
    );
  }

  #listen(): void {
    this.#listener = connectClient(this.#daemon.socketPath);
    this.#tally.listen(this.#listener);
  }

  async #rest(ms: number): Promise<typeof ENDED | undefined> {
    return await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => ENDED);
  }
}
