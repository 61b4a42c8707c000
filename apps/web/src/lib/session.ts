import { KEY_HEADER } from '@sidestep/shared';
import { z } from 'zod';
import { canKeepPageKey, forgetPageKey, keepPageKey, readPageKey } from './page-key.ts';

const sessionSchema = z.object({
  signedIn: z.boolean(),
  keyMissing: z.boolean(),
  host: z.string(),
  version: z.string(),
});
export type Session = z.infer<typeof sessionSchema>;

function keyHeader(): Record<string, string> {
  const key = readPageKey();
  return key === null ? {} : { [KEY_HEADER]: key };
}

/** Who we are to the daemon; null when it does not answer. */
export async function readSession(): Promise<Session | null> {
  try {
    const response = await fetch('/api/session', {
      cache: 'no-store',
      headers: keyHeader(),
      signal: AbortSignal.timeout(4000),
    });
    if (response.status === 401) return { signedIn: false, keyMissing: false, host: '', version: '' };
    if (!response.ok) return null;
    return sessionSchema.parse(await response.json());
  } catch {
    return null;
  }
}

/** What happened and what to do, in the daemon's own words. */
const refusalSchema = z.object({ message: z.string(), remedy: z.string() });
export type Refusal = z.infer<typeof refusalSchema>;

const signedInSchema = z.object({ key: z.string() });

const UNREACHABLE: Refusal = {
  message: 'The daemon does not answer.',
  remedy: 'Start it on the host with sudo ./sidestep up, then open the link again.',
};

const CANNOT_KEEP: Refusal = {
  message: 'This browser keeps nothing for this page.',
  remedy:
    'Signing in needs it to. Allow cookies and site data for this address in the browser’s settings, or make room where its storage is full; ' +
    'then open the link again.',
};

/** Exchanges the one-time code of a printed link for the cookie and the page's key; null when that worked. */
export async function signIn(code: string): Promise<Refusal | null> {
  if (!canKeepPageKey()) return CANNOT_KEEP;
  try {
    const response = await fetch('/api/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) return refusalSchema.parse(answer);
    return keepPageKey(signedInSchema.parse(answer).key) ? null : CANNOT_KEEP;
  } catch {
    return UNREACHABLE;
  }
}

/** The key of a sign-in that the daemon has not been told is over. */
let leaving: string | null = null;

/** Forgets the key in any case. Whether the daemon has closed its half, too; if not, ask again. */
export async function signOut(): Promise<boolean> {
  leaving ??= readPageKey();
  forgetPageKey();
  try {
    const headers: Record<string, string> = leaving === null ? {} : { [KEY_HEADER]: leaving };
    const response = await fetch('/api/sign-out', {
      method: 'POST',
      headers,
      signal: AbortSignal.timeout(4000),
    });
    if (!response.ok) return false;
    leaving = null;
    return true;
  } catch {
    return false;
  }
}
