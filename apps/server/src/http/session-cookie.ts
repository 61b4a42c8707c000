import '@fastify/cookie';
import type { FastifyReply } from 'fastify';
import { joinHalves } from '../sign-in/halves.ts';
import { SESSION_SECONDS } from '../sign-in/sessions.ts';

/** What `@fastify/cookie` reads from a request. */
type Cookies = Readonly<Record<string, string | undefined>>;

/**
 * The cookie that holds one half of a session's secret. Cookies are shared by all ports of a host: the port in the name keeps two
 * daemons apart, and the other half keeps out who gets to see the cookie at another port.
 */
export class SessionCookie {
  readonly #port: () => number;
  readonly #secure: boolean;

  /** `port` is asked for when a request comes: only then is it known for sure. */
  constructor(port: () => number, secure: boolean) {
    this.#port = port;
    this.#secure = secure;
  }

  get name(): string {
    return `${this.#secure ? '__Host-' : ''}sidestep-${this.#port()}`;
  }

  /** The secret of the session that a request names, of the cookie and the page's key. Undefined where one of them is missing. */
  secretOf(cookies: Cookies, key: string | string[] | undefined): string | undefined {
    const cookie = cookies[this.name];
    return cookie === undefined || typeof key !== 'string' ? undefined : joinHalves({ cookie, key });
  }

  set(reply: FastifyReply, half: string): void {
    reply.setCookie(this.name, half, { ...this.#attributes, maxAge: SESSION_SECONDS });
  }

  clear(reply: FastifyReply): void {
    reply.clearCookie(this.name, this.#attributes);
  }

  get #attributes() {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.#secure } as const;
  }
}
