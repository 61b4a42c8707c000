import type { BpfMap } from '@sidestep/libbpf';

const KEY = Buffer.alloc(4);
/** Nanoseconds. When nobody has said so for a second, the programs in the kernel take care of readers themselves: bpf/remind.bpf.h. */
const EVERY = 50_000_000n;

/** Says to the programs in the kernel that there is a daemon, and that it tends their sockets. */
export class Presence {
  readonly #attended: BpfMap | null;
  #said = 0n;

  /** Null where the programs are of a version that does not ask. */
  constructor(attended: BpfMap | null) {
    this.#attended = attended;
  }

  /** To be called at each tick; it does not say so more often than it must. */
  say(): void {
    const now = process.hrtime.bigint();
    if (!this.#attended || now - this.#said < EVERY) return;
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(now);
    this.#attended.update(KEY, value);
    this.#said = now;
  }
}
