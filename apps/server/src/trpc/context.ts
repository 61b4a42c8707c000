import type { Services } from '../services.ts';

/** What every procedure is given. `via` tells how the caller came in; both have passed their guard before a context exists. */
export interface Context {
  readonly services: Services;
  readonly via: 'browser' | 'socket';
}
