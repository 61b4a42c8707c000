import type { BpfLink } from '@sidestep/libbpf';
import type { Generation } from './generation.ts';
import { restAfter } from './rest.ts';
import { visitAllSockets } from './survey.ts';

/** Looks for connections that have left, after the last change: each time a connection may be in the middle of something. */
const VISITS = 16;
const REST_MS = 50;
/** Visiting every socket may take at most this share of a processor. */
const MOST_OF_A_PROCESSOR = 1 / 20;

/** Generations of other versions that new connections do not come to any more. They drain, each under its own programs. */
export class Retired {
  #generations: Generation[] = [];
  #left = 0;
  #visits = VISITS;
  #restUntil = 0;
  #looking = false;
  #trouble: unknown = null;

  get generations(): readonly Generation[] {
    return this.#generations;
  }

  /** How many connections have not left yet. */
  get connections(): number {
    return this.#generations.reduce((sum, generation) => sum + generation.holders().length, 0);
  }

  add(generation: Generation): void {
    this.#generations.push(generation);
    this.#visits = VISITS;
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
    if (
      this.#looking ||
      (survey === null && this.#generations.length === 0) ||
      performance.now() < this.#restUntil
    )
      return;
    this.#takeOut();
    if (survey !== null && this.#visits > 0) this.#look(survey, before);
    else if (this.#generations.length === 0) successor.pins.unpinSurvey();
    this.#rest(before);
  }

  /** On other threads, for it may take long. */
  #look(survey: BpfLink, before: NodeJS.CpuUsage): void {
    this.#visits--;
    this.#looking = true;
    visitAllSockets(survey)
      .catch((error: unknown) => {
        this.#trouble = error;
      })
      .finally(() => {
        this.#looking = false;
        this.#rest(before);
      });
  }

  #rest(before: NodeJS.CpuUsage): void {
    const rest = restAfter(before, MOST_OF_A_PROCESSOR);
    this.#restUntil = Math.max(rest, performance.now() + REST_MS);
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
  }

  remove(): void {
    for (const generation of this.#generations) generation.remove();
    this.#generations = [];
  }
}
