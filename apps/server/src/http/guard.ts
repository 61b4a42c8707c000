import { Refusal } from '../refusal.ts';

/**
 * Which requests a browser may bring. The names keep other sites from reaching the daemon by a DNS name of theirs that points to
 * this host; the origin keeps pages of other sites, and of other programs on this host, from having the reader's browser speak for them.
 * Only browsers tell the truth in both: who was sent the cookie at another port of this host and comes without one is kept out by the
 * page's key (`../sign-in/halves.ts`).
 */
export class Guard {
  readonly #scheme: 'http' | 'https';
  readonly #names: () => ReadonlySet<string>;

  /** Of the names, `*.example.com` is every name with one more label than `example.com`. */
  constructor(scheme: 'http' | 'https', names: () => ReadonlySet<string>) {
    this.#scheme = scheme;
    this.#names = names;
  }

  /** Throws `Refusal`. Any port passes in Host: it is the browser's end of a tunnel (`ssh -L`), and the name is what proves the site. */
  checkHost(host: string | undefined): void {
    const name = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?$/.exec(host?.toLowerCase() ?? '')?.[1];
    const names = this.#names();
    if (name !== undefined && (names.has(name) || names.has(name.replace(/^[^.]+/, '*')))) return;
    throw new Refusal(
      'The Host header does not name this daemon.',
      'Open the address that the daemon printed when it started.',
    );
  }

  /** Throws `Refusal` for any origin but the one that the Host header itself names. `host` has passed `checkHost`. */
  checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin !== undefined && origin.toLowerCase() === `${this.#scheme}://${host?.toLowerCase()}`) return;
    throw new Refusal('The request comes from another site.', 'Use the page that the daemon itself serves.');
  }
}
