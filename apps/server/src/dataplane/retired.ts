import type { BpfLink } from '@sidestep/libbpf';
import type { Generation } from './generation.ts';
import { restAfter } from './rest.ts';
import { surveyOnce } from './survey.ts';

/** Looks for connections that have left, after the last change: each time a connection may be in the middle of something. */
const VISITS = 16;
const REST_MS = 50;
/** However long the last one took: one that stood still at a socket has not worked all that time. */
const LONGEST_REST_MS = 1000;
/** Visiting every socket may take at most this share of a processor. */
const MOST_OF_A_PROCESSOR = 1 / 20;

/** Generations of other versions that new connections do not come to any more. They drain, each under its own programs. */
export class Retired {
  #generations: Generation[] = [];
  #left = 0;
  #connections = 0;
  #visits = VISITS;
  #restUntil = 0;
  #looking: Promise<void> | null = null;
  #trouble: unknown = null;

  get generations(): readonly Generation[] {
    return this.#generations;
  }

  /** How many connections have not left yet, as of the last look. */
  get connections(): number {
    return this.#connections;
  }

  add(generation: Generation): void {
    this.#generations.push(generation);
    this.begin();
    this.#count();
  }

  /** Another generation sees new connections now, and may not have found all that were open before. What still looks for an earlier one does not keep it waiting. */
  begin(): void {
    this.#visits = VISITS;
    this.#looking = null;
    this.#restUntil = 0;
  }

  #count(): void {
    this.#connections = this.#generations.reduce((sum, generation) => sum + generation.holders().length, 0);
  }

  /** Takes out what can be. Returns how many sockets are left. */
  drain(): number {
    return this.#generations.reduce((sum, generation) => sum + generation.drain(), 0);
  }

  /** Drains, removes what is empty, and has `successor` look for the connections that have become free. Throws what went wrong meanwhile. */
  tend(successor: Generation): void {
    const trouble = this.#trouble;
    this.#trouble = null;
    if (trouble) throw trouble;
    const before = process.cpuUsage();
    const { survey } = successor.pins;
    if ((survey === null && this.#generations.length === 0) || performance.now() < this.#restUntil) return;
    this.#takeOut();
    if (!this.#looking) {
      if (survey !== null && this.#visits > 0) this.#look(survey, before);
      else if (this.#generations.length === 0) successor.pins.unpinSurvey();
    }
    this.#rest(before);
  }

  /** On other threads, for it may take long. */
  #look(survey: BpfLink, before: NodeJS.CpuUsage): void {
    this.#visits--;
    const looking = surveyOnce(survey)
      .then((found) => {
        if (found && this.#looking === looking) this.#visits = Math.max(this.#visits, 1);
      })
      .catch((error: unknown) => {
        this.#trouble = error;
      })
      .finally(() => {
        if (this.#looking !== looking) return;
        this.#looking = null;
        this.#rest(before);
      });
    this.#looking = looking;
  }

  #rest(before: NodeJS.CpuUsage): void {
    const [rest, now] = [restAfter(before, MOST_OF_A_PROCESSOR), performance.now()];
    this.#restUntil = Math.max(Math.min(rest, now + LONGEST_REST_MS), now + REST_MS);
  }

  #takeOut(): void {
    let left = 0;
    this.#generations = this.#generations.filter((generation) => {
      const sockets = generation.drain();
      left += sockets;
      if (sockets === 0) generation.remove();
      return sockets > 0;
    });
    if (left !== this.#left) this.#visits = VISITS;
    this.#left = left;
    if (this.#connections > 0) this.#count();
  }

  remove(): void {
    for (const generation of this.#generations) generation.remove();
    this.#generations = [];
    this.#connections = 0;
  }
}
