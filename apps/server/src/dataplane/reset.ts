import { libc } from '../host/libc.ts';
import { borrow, type SocketName } from './borrow.ts';
import type { Descriptors } from './descriptors.ts';

const connect = libc.func('int connect(int fd, const void *address, uint32_t size)');

/** `struct sockaddr` of AF_UNSPEC: what `connect` takes to end a connection. */
const NOBODY = Buffer.alloc(16);

/**
 * Resets the socket's connection: both ends see ECONNRESET at once, and what they have not read is gone. It is what `connect` does
 * with AF_UNSPEC (`tcp_disconnect`), which works on any duplicate of a descriptor. False when no process has the socket, or the kernel refuses.
 */
export function reset(socket: SocketName, descriptors: Descriptors): boolean {
  return borrow(socket, descriptors, (fd) => connect(fd, NOBODY, NOBODY.length) === 0);
}
