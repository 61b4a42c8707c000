import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import type { Certificate } from './certificate.ts';

/** Where the page is served. Port 0 lets the kernel choose. */
export interface Listen {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads `127.0.0.1:7070`, `[::1]:7070` or `localhost:7070`; null when it is none of these. `localhost` is two addresses, and any user of the host may have the port of the other one: who
 * follows a link to that name might come to him. So it is the first of them.
 */
export function parseListen(text: string): Listen | null {
  const parts = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (!parts) return null;
  const host = parts.six ?? parts.four ?? '';
  const port = Number(parts.port);
  if (port > 65_535) return null;
  if (host === 'localhost' && parts.six === undefined) return { host: '127.0.0.1', port };
  return isIP(host) === (parts.six === undefined ? 4 : 6) ? { host, port } : null;
}

export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A host as it stands in a URL or a Host header. */
export function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/**
 * The name to put into links: one that a browser on the network can use when the address means "all of them", and for which it takes the certificate. One
 * that listens on loopback is reached by nothing but its address, or by `localhost` where the certificate says that it is this one.
 */
export function linkHost(host: string, certificate: Pick<Certificate, 'names' | 'covers'> | null): string {
  const own = host === '0.0.0.0' || host === '::' ? hostname() : host;
  if (!certificate || certificate.covers(own)) return inUrl(own);
  if (isLoopback(host)) return certificate.covers('localhost') ? 'localhost' : inUrl(own);
  const names = certificate.names.filter((name) => !name.startsWith('*') && name !== 'localhost');
  const full = names.find((name) => name.startsWith(`${hostname().toLowerCase()}.`));
  return full ?? names[0] ?? inUrl(own);
}

/** The names and addresses under which this host may be addressed, as they stand in a Host header. `certified` are those of the certificate. */
export function ownNames(host: string, certified: readonly string[]): ReadonlySet<string> {
  const names = new Set([...LOOPBACK_NAMES, inUrl(host), ...certified]);
  if (isLoopback(host)) return names;
  names.add(hostname().toLowerCase());
  for (const { address } of Object.values(networkInterfaces()).flatMap((list) => list ?? []))
    names.add(inUrl(address));
  return names;
}
