import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';

/** PEM. */
export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Throws `Refusal` when the files are missing or do not belong together. */
export function loadTls(paths: { readonly cert: string; readonly key: string }): Tls {
  try {
    const tls = { cert: readFileSync(paths.cert), key: readFileSync(paths.key) };
    createSecureContext(tls);
    return tls;
  } catch (error) {
    const remedy = 'Give --tls-cert and --tls-key a PEM certificate and its key.';
    throw new Refusal(`The TLS certificate cannot be used (${wordsOf(error)}).`, remedy, { cause: error });
  }
}
