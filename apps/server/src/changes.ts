/**
 * Tells waiting readers that something changed. A reader remembers the `version` it has seen and asks for a later one, so a
 * change between two waits is never missed and many changes cost one wake-up.
 */
export class Changes {
  #version = 0;
  readonly #waiting = new Set<() => void>();

  get version(): number {
    return this.#version;
  }

  /** How many readers wait at this moment. */
  get waiting(): number {
    return this.#waiting.size;
  }

  notify(): void {
    this.#version++;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves with the present version as soon as it is not `seen`, or when the signal aborts. */
  async after(seen: number, signal: AbortSignal): Promise<number> {
    if (this.#version === seen && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    return this.#version;
  }
}
