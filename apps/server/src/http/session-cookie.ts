import '@fastify/cookie';
import type { FastifyReply } from 'fastify';
import { SESSION_SECONDS } from '../sign-in/sessions.ts';

/** The cookie that holds a session. Cookies are shared by all ports of a host: the port in the name keeps two daemons apart. */
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

  set(reply: FastifyReply, secret: string): void {
    reply.setCookie(this.name, secret, { ...this.#attributes, maxAge: SESSION_SECONDS });
  }

  clear(reply: FastifyReply): void {
    reply.clearCookie(this.name, this.#attributes);
  }

  get #attributes() {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.#secure } as const;
  }
}
