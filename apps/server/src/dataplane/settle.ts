import { libc } from '../host/libc.ts';
import { borrow, SOL_SOCKET, type SocketName, socketOption } from './borrow.ts';

const SO_RCVLOWAT = 18;
const SOL_TCP = 6;
const TCP_THIN_LINEAR_TIMEOUTS = 16;
const TCP_NOTSENT_LOWAT = 25;
/** What the programs in the kernel set it to: bpf/lend.bpf.h. */
const PLUGGED = 1;
/** `SS_LENT_…` in bpf/sidestep.h. */
const LENT_LOWAT = 1;
const LENT_LINEAR = 2;

const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t size)');

/** A socket that left the bypass and needs a touch: `struct ss_wake`. */
export interface LeftSocket extends SocketName {
  /** Mask of what it was lent: `SS_LENT_…`; 0 for a socket whose reader may wait although bytes are there. */
  readonly lent: number;
  /** The TCP_NOTSENT_LOWAT that it had before. */
  readonly lowat: number;
}

/** False when no process has the socket (any more). */
export function settle(socket: LeftSocket): boolean {
  const { lent, lowat } = socket;
  return borrow(socket, (fd) => {
    if (lent === 0) return wake(fd);
    const mark = (lent & LENT_LOWAT) === 0 || giveBack(fd, lowat);
    return ((lent & LENT_LINEAR) === 0 || setTcpOption(fd, TCP_THIN_LINEAR_TIMEOUTS, 0)) && mark;
  });
}

/**
 * Makes the kernel tell the socket's reader again that bytes wait, by setting SO_RCVLOWAT to what it already is: that is the one
 * call that signals a socket without changing anything.
 */
function wake(fd: number): boolean {
  const mark = socketOption(fd, SOL_SOCKET, SO_RCVLOWAT, 4);
  return mark !== null && setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, mark, mark.length) === 0;
}

function setTcpOption(fd: number, option: number, number: number): boolean {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(number);
  return setsockopt(fd, SOL_TCP, option, value, value.length) === 0;
}

/** Unless its program has set another meanwhile. */
function giveBack(fd: number, lowat: number): boolean {
  const mark = socketOption(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 4);
  if (mark?.readUInt32LE() !== PLUGGED) return mark !== null;
  return setTcpOption(fd, TCP_NOTSENT_LOWAT, lowat);
}
