import { borrow, libc, SOL_SOCKET, type SocketName, socketOption } from './borrow.ts';

const SO_RCVLOWAT = 18;

const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t size)');

/** A socket whose reader may wait although bytes are there. */
export type SleepingReader = SocketName;

/**
 * Makes the kernel tell the socket's reader again that bytes wait, by setting SO_RCVLOWAT to what it already is: that is the one
 * call that signals a socket without changing anything. False when no process has the socket (any more).
 */
export function wake(reader: SleepingReader): boolean {
  return borrow(reader, (fd) => {
    const mark = socketOption(fd, SO_RCVLOWAT, 4);
    return mark !== null && setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, mark, mark.length) === 0;
  });
}
