import type { Failure } from '@sidestep/shared';

/** The daemon itself says no: what it refused and what to do instead. Callers show `failure`; there is never a log. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly failure: Failure;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(`${message} ${remedy}`, options);
    this.failure = { message, remedy, log: null };
  }
}
