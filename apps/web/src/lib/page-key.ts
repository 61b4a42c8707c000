import { protocolsWith } from '@sidestep/shared';
import { forget, keep, readKept } from './kept.ts';

/**
 * The half of a sign-in that only pages of this very address can read. The other one, in the cookie, the browser sends to every port of
 * the host. It is read anew each time: another tab may have signed in or out.
 */
const KEY = 'sidestep.key';
const TRIAL = 'sidestep.trial';

export const readPageKey = (): string | null => readKept(KEY);
export const keepPageKey = (key: string): boolean => keep(KEY, key);
export const forgetPageKey = (): void => forget(KEY);

/** Asked before a sign-in, whose link works once. */
export function canKeepPageKey(): boolean {
  const kept = keep(TRIAL, 'x'.repeat(43));
  forget(TRIAL);
  return kept;
}

/** A WebSocket that shows the key as it is at that moment. Made when asked for: where the page is built there is none to extend. */
export function webSocketWithKey(): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL) {
      super(url, protocolsWith(readPageKey() ?? ''));
    }
  };
}
