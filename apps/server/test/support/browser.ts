import { KEY_HEADER, protocolsWith } from '@sidestep/shared';
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import { z } from 'zod';
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

/** What a browser that has signed in is known by: `cookie` as it is sent, and the page's key. */
export interface SignedIn {
  readonly cookie: string;
  readonly key: string;
}

const answerSchema = z.object({ key: z.string() });

/** Signs in as a browser does. */
export async function signIn({ url, daemon }: Site): Promise<SignedIn> {
  const response = await post(`${url}/api/sign-in`, { code: codeIn(daemon.signInLink()) });
  if (response.status !== 200)
    throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
  const { key } = answerSchema.parse(await response.json());
  return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '', key };
}

/** What the page's requests bring. */
export const headersOf = ({ cookie, key }: SignedIn) => ({ cookie, [KEY_HEADER]: key });

/** What the page's handshakes bring, as lines. */
export const handshakeLines = ({ cookie, key }: SignedIn) =>
  `Cookie: ${cookie}\r\nSec-WebSocket-Protocol: ${protocolsWith(key).join(', ')}\r\n`;

/** A plain ws connection to `/trpc`. */
export function dial(
  url: string,
  { key, ...headers }: Partial<SignedIn> & { host?: string; origin?: string },
): WebSocket {
  const protocols = key === undefined ? [] : protocolsWith(key);
  return new WebSocket(`${url.replace('http', 'ws')}/trpc`, protocols, {
    headers: { origin: url, ...headers },
  });
}

export interface Page extends AsyncDisposable {
  readonly trpc: TRPCClient<AppRouter>;
}

/** What the page has: a tRPC client over ws, signed in. */
export async function openPage(site: Site): Promise<Page> {
  const { cookie, key } = await signIn(site);
  const client = createWSClient({
    url: `${site.url.replace('http', 'ws')}/trpc`,
    WebSocket: class extends WebSocket {
      constructor(url: string) {
        super(url, protocolsWith(key), { headers: { origin: site.url, cookie } });
      }
    } as unknown as typeof globalThis.WebSocket,
  });
  const trpc = createTRPCClient<AppRouter>({ links: [wsLink<AppRouter>({ client })] });
  return { trpc, [Symbol.asyncDispose]: () => client.close() };
}
