/** The request header in which a page shows its key. */
export const KEY_HEADER = 'sidestep-key';

/** What the page and the daemon speak over ws, as a subprotocol: the answer to a handshake names it, and never the key. */
export const TRPC_PROTOCOL = 'sidestep';

const KEY_PREFIX = 'sidestep-key.';

/** What a page offers in `Sec-WebSocket-Protocol`, the only header of a handshake that scripts can write in: the protocol, and its key. */
export const protocolsWith = (key: string): string[] => [TRPC_PROTOCOL, `${KEY_PREFIX}${key}`];

/** The key among the protocols that a handshake offers. */
export function keyAmong(offered: string | undefined): string | undefined {
  const protocols = offered?.split(',').map((protocol) => protocol.trim());
  return protocols?.find((protocol) => protocol.startsWith(KEY_PREFIX))?.slice(KEY_PREFIX.length);
}
