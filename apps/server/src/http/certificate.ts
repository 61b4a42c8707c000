import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { wordsOf } from '../log.ts';
import { Refusal } from '../refusal.ts';

interface Paths {
  readonly cert: string;
  readonly key: string;
}

/** PEM. */
export interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Loaded {
  readonly pair: Pair;
  readonly parsed: X509Certificate;
  readonly names: readonly string[];
  /** Differs when either file has been replaced or written since. */
  readonly version: string;
}

/** The TLS certificate with its key, as the files had them when they were last good. */
export class Certificate {
  readonly #paths: Paths;
  #loaded: Loaded;

  /** Throws `Refusal` when the files are missing or do not belong together. */
  constructor(paths: Paths) {
    this.#paths = paths;
    try {
      this.#loaded = load(paths);
    } catch (error) {
      const remedy = 'Give --tls-cert and --tls-key a PEM certificate and its key.';
      throw new Refusal(`The TLS certificate cannot be used (${wordsOf(error)}).`, remedy, { cause: error });
    }
  }

  get pair(): Pair {
    return this.#loaded.pair;
  }

  /** Looks at the files again. False when they are as they were; throws, and stays what it was, when what is there now cannot be used. */
  renew(): boolean {
    if (versionOf(this.#paths) === this.#loaded.version) return false;
    this.#loaded = load(this.#paths);
    return true;
  }

  /** Its DNS names in lower case; `*.example.com` is every name with one more label than `example.com`. */
  get names(): readonly string[] {
    return this.#loaded.names;
  }

  /** Whether a browser takes it for that of the host, a DNS name or an IP address. */
  covers(host: string): boolean {
    const { parsed } = this.#loaded;
    const found = isIP(host) ? parsed.checkIP(host) : parsed.checkHost(host, { subject: 'never' });
    return found !== undefined;
  }
}

/** The version is taken first: what is written meanwhile is read again. */
function load(paths: Paths): Loaded {
  const version = versionOf(paths);
  const pair = { cert: readFileSync(paths.cert), key: readFileSync(paths.key) };
  createSecureContext(pair);
  const parsed = new X509Certificate(pair.cert);
  return { pair, parsed, names: namesIn(parsed), version };
}

function namesIn({ subjectAltName }: X509Certificate): string[] {
  const names = subjectAltName?.toLowerCase().split(', ') ?? [];
  return names.flatMap((name) => /^dns:((?:\*\.)?[\w.-]+)$/.exec(name)?.[1] ?? []);
}

function versionOf({ cert, key }: Paths): string {
  const stats = [cert, key].map((path) => statSync(path, { bigint: true }));
  return stats.map(({ dev, ino, mtimeNs }) => `${dev}:${ino}:${mtimeNs}`).join();
}
