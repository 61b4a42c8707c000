import type { BpfLink } from '@sidestep/libbpf';
import type { Generation } from './generation.ts';
import { restAfter } from './rest.ts';
import { visitAllSockets } from './survey.ts';

/**
 * Looks for connections that are open already, after the last change: a server is noted, its client is found, the server is taken; and each time a connection may be in the middle of something. One
 * that never rests in all that time stays on TCP.
 */
const VISITS = 16;
/** Milliseconds between two of them: soon at first, for somebody has just switched on. */
const REST_MS = 50;
const SOON_MS = 5;
const SOON_VISITS = 8;
/** Visiting every socket may take at most this share of a processor. */
const MOST_OF_A_PROCESSOR = 1 / 20;

/**
 * Generations of other versions that new connections do not come to any more. They drain, each under its own programs; and their successor, like one that was just switched on,
 * looks for connections that are open already.
 */
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

  /** Somebody was just switched on. What still looks for another does not keep it waiting. */
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

  /**
   * Drains, removes what is empty, and has `successor` look for connections that are open already, or have become free. True when it is to be asked again soon. Throws what
   * went wrong meanwhile.
   */
  tend(successor: Generation): boolean {
    const trouble = this.#trouble;
    this.#trouble = null;
    if (trouble) throw trouble;
    const before = process.cpuUsage();
    const { survey } = successor.pins;
    if (survey === null && this.#generations.length === 0) return false;
    if (performance.now() < this.#restUntil) return this.#isSoon;
    this.#takeOut();
    if (!this.#looking) {
      if (survey !== null && this.#visits > 0) this.#look(survey, before);
      else if (this.#generations.length === 0) successor.pins.unpinSurvey();
    }
    this.#rest(before);
    return this.#isSoon;
  }

  /** Somebody has just switched on. */
  get #isSoon(): boolean {
    return this.#visits > VISITS - SOON_VISITS;
  }

  /** On other threads, for it may take long. */
  #look(survey: BpfLink, before: NodeJS.CpuUsage): void {
    this.#visits--;
    const looking = visitAllSockets(survey)
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
    const rest = restAfter(before, MOST_OF_A_PROCESSOR);
    const least = this.#isSoon ? SOON_MS : REST_MS;
    this.#restUntil = Math.max(rest, performance.now() + least);
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
