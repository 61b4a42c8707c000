import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Listen, parseListen } from './http/listen.ts';

/** What the daemon is told on its command line. Paths are absolute. */
export interface Options {
  readonly stateDir: string;
  readonly listen: Listen;
  /** Null: the root of the cgroup v2 tree. */
  readonly cgroup: string | null;
  readonly pinDir: string;
  /** How many open local connections the table has room for; null: the default. */
  readonly maxConnections: number | null;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly web: string;
  /** The file that takes the log. Null: standard output. */
  readonly log: string | null;
}

export const USAGE = `Usage: sidestep-daemon [options]

  --state-dir PATH    where the token, the socket and the database are (/var/lib/sidestep)
  --listen ADDRESS    address and port of the page (127.0.0.1:7070)
  --cgroup PATH       accelerate what runs in this cgroup (the root of the cgroup v2 tree)
  --pin-dir PATH      where the programs are pinned, on a bpf file system (/sys/fs/bpf/sidestep)
  --max-connections N room for so many open local connections; more use TCP (65536)
  --tls-cert PATH     PEM certificate; needed for addresses other than loopback
  --tls-key PATH      PEM key of the certificate
  --web PATH          the built web page
  --log PATH          write the log there, and keep one older file of it (standard output)
  --help              this text
`;

/** Each takes two thirds of a KiB of memory in the kernel, used or not. */
const MOST_CONNECTIONS = 1_000_000;

/** Wrong usage: the message says what is wrong and what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Null when help was asked for. Throws `UsageError`. `defaultWeb` is where the web page is built. */
export function parseOptions(args: readonly string[], defaultWeb: string): Options | null {
  const values = parse(args);
  if (values.help) return null;
  const listenText = values.listen ?? '127.0.0.1:7070';
  const listen = parseListen(listenText);
  if (!listen)
    throw new UsageError(
      `--listen takes an address and a port, such as 127.0.0.1:7070, not "${listenText}".`,
    );

  const { 'tls-cert': cert, 'tls-key': key } = values;
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError('--tls-cert and --tls-key go together.');
  const tls = cert !== undefined && key !== undefined ? { cert: resolve(cert), key: resolve(key) } : null;
  return {
    stateDir: resolve(values['state-dir'] ?? '/var/lib/sidestep'),
    listen,
    cgroup: values.cgroup === undefined ? null : resolve(values.cgroup),
    pinDir: resolve(values['pin-dir'] ?? '/sys/fs/bpf/sidestep'),
    maxConnections: countOf(values['max-connections']),
    tls,
    web: resolve(values.web ?? defaultWeb),
    log: values.log === undefined ? null : resolve(values.log),
  };
}

function countOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,7}$/.test(text) && Number(text) > 0 && Number(text) <= MOST_CONNECTIONS) return Number(text);
  throw new UsageError(`--max-connections takes a number from 1 to ${MOST_CONNECTIONS}, not "${text}".`);
}

function parse(args: readonly string[]) {
  const string = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        'state-dir': string,
        listen: string,
        cgroup: string,
        'pin-dir': string,
        'max-connections': string,
        'tls-cert': string,
        'tls-key': string,
        web: string,
        log: string,
        help: { type: 'boolean', short: 'h' },
      },
    });
    for (const [name, value] of Object.entries(values)) {
      if (value === '') throw new UsageError(`--${name} needs a value.`);
    }
    return values;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // Node appends hints, some on lines of their own.
    const [sentence = ''] = (error as Error).message.split(/\.\s/);
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`);
  }
}
