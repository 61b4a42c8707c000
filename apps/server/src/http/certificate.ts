import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';

/** PEM. */
export interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The TLS certificate, with its key. */
export class Certificate {
  readonly pair: Pair;
  readonly #parsed: X509Certificate;

  /** Throws `Refusal` when the files are missing or do not belong together. */
  constructor(paths: { readonly cert: string; readonly key: string }) {
    try {
      this.pair = { cert: readFileSync(paths.cert), key: readFileSync(paths.key) };
      createSecureContext(this.pair);
      this.#parsed = new X509Certificate(this.pair.cert);
    } catch (error) {
      const remedy = 'Give --tls-cert and --tls-key a PEM certificate and its key.';
      throw new Refusal(`The TLS certificate cannot be used (${wordsOf(error)}).`, remedy, { cause: error });
    }
  }

  /** Its DNS names in lower case; `*.example.com` is every name with one more label than `example.com`. */
  get names(): readonly string[] {
    const names = this.#parsed.subjectAltName?.toLowerCase().split(', ') ?? [];
    return names.flatMap((name) => /^dns:((?:\*\.)?[\w.-]+)$/.exec(name)?.[1] ?? []);
  }

  /** Whether a browser takes it for that of the host, a DNS name or an IP address. */
  covers(host: string): boolean {
    const found = isIP(host)
      ? this.#parsed.checkIP(host)
      : this.#parsed.checkHost(host, { subject: 'never' });
    return found !== undefined;
  }
}
