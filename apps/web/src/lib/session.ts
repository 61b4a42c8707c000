import { z } from 'zod';

const sessionSchema = z.object({ signedIn: z.boolean(), host: z.string(), version: z.string() });
export type Session = z.infer<typeof sessionSchema>;

/** Who we are to the daemon; null when it does not answer. */
export async function readSession(): Promise<Session | null> {
  try {
    const response = await fetch('/api/session', { cache: 'no-store', signal: AbortSignal.timeout(4000) });
    if (response.status === 401) return { signedIn: false, host: '', version: '' };
    if (!response.ok) return null;
    return sessionSchema.parse(await response.json());
  } catch {
    return null;
  }
}

/** What happened and what to do, in the daemon's own words. */
const refusalSchema = z.object({ message: z.string(), remedy: z.string() });
export type Refusal = z.infer<typeof refusalSchema>;

const UNREACHABLE: Refusal = {
  message: 'The daemon does not answer.',
  remedy: 'Start it on the host with sudo ./sidestep up, then open the link again.',
};

/** Exchanges the one-time code of a printed link for the cookie; null when that worked. */
export async function signIn(code: string): Promise<Refusal | null> {
  try {
    const response = await fetch('/api/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    return response.ok ? null : refusalSchema.parse(await response.json());
  } catch {
    return UNREACHABLE;
  }
}

export async function signOut(): Promise<void> {
  await fetch('/api/sign-out', { method: 'POST' });
}
