import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import type { AppRouter } from '../../src/router.ts';

/** Where a page of a daemon is, and how to get in. */
export interface Site {
  readonly url: string;
  readonly daemon: { signInLink(): string };
}

export const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

export const codeIn = (link: string) => new URL(link).hash.slice(1);

/** Signs in as a browser does; answers with what it sends as Cookie from then on. */
export async function signIn({ url, daemon }: Site): Promise<string> {
  const response = await post(`${url}/api/sign-in`, { code: codeIn(daemon.signInLink()) });
  if (response.status !== 204)
    throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** A plain ws connection to `/trpc`, signed in unless the headers say otherwise. */
export function dial(url: string, headers: Record<string, string>): WebSocket {
  return new WebSocket(`${url.replace('http', 'ws')}/trpc`, { headers: { origin: url, ...headers } });
}

export interface Page extends AsyncDisposable {
  readonly trpc: TRPCClient<AppRouter>;
}

/** What the page has: a tRPC client over ws, signed in. */
export async function openPage(site: Site): Promise<Page> {
  const cookie = await signIn(site);
  const client = createWSClient({
    url: `${site.url.replace('http', 'ws')}/trpc`,
    WebSocket: class extends WebSocket {
      constructor(url: string) {
        super(url, { headers: { origin: site.url, cookie } });
      }
    } as unknown as typeof globalThis.WebSocket,
  });
  const trpc = createTRPCClient<AppRouter>({ links: [wsLink<AppRouter>({ client })] });
  return { trpc, [Symbol.asyncDispose]: () => client.close() };
}
