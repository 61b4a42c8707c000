import type { Services } from '../services.ts';
import type { Wire } from './pace.ts';

/** One ws connection as the procedures see it. */
export interface Caller extends Wire {
  /** Calls and subscriptions of this connection that have not ended. */
  running: { calls: number; subscriptions: number };
  /** Settles when the last of the queries so far has been answered. */
  lastQuery: Promise<unknown>;
  /** The session of this connection has ended: nothing that still comes in on it counts. */
  readonly revoked: boolean;
}

/** What every procedure is given. `via` tells how the caller came in; both have passed their guard before a context exists. */
export interface Context {
  readonly services: Services;
  readonly via: 'browser' | 'socket';
  readonly caller: Caller;
  /** Makes a fresh one-time sign-in link. */
  readonly signInLink: () => string;
}
