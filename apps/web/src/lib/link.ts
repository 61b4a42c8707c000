import { readSession, type Session, signOut } from './session.ts';
import { createStore, useStore } from './store.ts';

/** How the page stands with the daemon. Times are Unix milliseconds; `retryAt` is null while a try is under way. */
export type Link =
  | { phase: 'connecting' }
  | { phase: 'open'; since: number }
  | { phase: 'lost'; since: number; retryAt: number | null }
  /**
   * `keyMissing`: this browser has the cookie of a sign-in, and not the key that belongs to it. `leaving`: the daemon was away when
   * somebody signed out, and still has to close its half.
   */
  | { phase: 'signed-out'; keyMissing: boolean; leaving: boolean };

/** Milliseconds before the n-th try since the connection was lost. */
const DELAYS = [0, 1000, 2000, 3000, 5000];

export const linkStore = createStore<Link>({ phase: 'connecting' });
export const sessionStore = createStore<Session | null>(null);

export const useLink = () => useStore(linkStore);
export const useSession = () => useStore(sessionStore);

let tries = 0;
let wake: (() => void) | null = null;

/** Waits, at most `milliseconds`, until somebody asks for a try now. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = Number.isFinite(milliseconds) ? setTimeout(done, milliseconds) : undefined;
    function done() {
      clearTimeout(timer);
      wake = null;
      resolve();
    }
    wake = done;
  });
}

/** Ends the wait for the next try. */
export function tryNow(): void {
  wake?.();
}

export function linkOpened(): void {
  tries = 0;
  linkStore.set({ phase: 'open', since: Date.now() });
}

export function linkClosed(): void {
  if (linkStore.get().phase === 'open') linkStore.set({ phase: 'lost', since: Date.now(), retryAt: null });
}

/** Signs out; while the daemon is away, as far as this browser goes. */
export async function leave(): Promise<void> {
  // Leaves nothing of the host in this page's memory.
  if (await signOut()) location.reload();
  else linkStore.set({ phase: 'signed-out', keyMissing: false, leaving: true });
}

function isLeaving(): boolean {
  const link = linkStore.get();
  return link.phase === 'signed-out' && link.leaving;
}

function lost(retryAt: number | null): void {
  const link = linkStore.get();
  if (isLeaving()) return;
  linkStore.set({ phase: 'lost', since: link.phase === 'lost' ? link.since : Date.now(), retryAt });
}

/**
 * Resolves with the address of the socket as soon as the daemon answers and we are signed in. The wait between two tries
 * happens here, so that it can be counted down and cut short.
 */
export async function socketAddress(): Promise<string> {
  for (;;) {
    const delay = DELAYS[Math.min(tries, DELAYS.length - 1)] ?? 0;
    tries += 1;
    if (delay > 0) {
      lost(Date.now() + delay);
      await pause(delay);
      lost(null);
    }
    if (isLeaving()) {
      if (await signOut()) location.reload();
      continue;
    }
    const session = await readSession();
    if (session === null) continue;
    if (session.signedIn) {
      sessionStore.set(session);
      return `${location.origin.replace(/^http/, 'ws')}/trpc`;
    }
    linkStore.set({ phase: 'signed-out', keyMissing: session.keyMissing, leaving: false });
    tries = 0;
    await pause(Number.POSITIVE_INFINITY);
  }
}
