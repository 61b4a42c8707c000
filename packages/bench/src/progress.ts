/** How far the whole run is, and how long it will still take: as planned, stretched by how the plan held so far. */
export class Progress {
  readonly #planned: number;
  readonly #start: number;
  readonly #now: () => number;
  #done = 0;

  /** `planned` in seconds; `now` in milliseconds. */
  constructor(planned: number, now: () => number = () => performance.now()) {
    this.#planned = planned;
    this.#now = now;
    this.#start = now();
  }

  /** After a step that was planned with so many seconds: `12 %, 3 min left`. */
  step(seconds: number): string {
    this.#done += seconds;
    const share = Math.min(1, this.#done / this.#planned);
    const elapsed = (this.#now() - this.#start) / 1000;
    return `${Math.floor(share * 100)} %, ${spanWords((elapsed / share) * (1 - share))} left`;
  }
}

export function spanWords(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
