import { libc } from '../host/libc.ts';
import { borrow, SOL_SOCKET, type SocketName, socketOption } from './borrow.ts';

const SO_RCVLOWAT = 18;
const SOL_TCP = 6;
const TCP_THIN_LINEAR_TIMEOUTS = 16;
const TCP_NOTSENT_LOWAT = 25;
/** What the programs in the kernel set it to: bpf/lend.bpf.h. */
const PLUGGED = 1;
const KEEP_LOWAT = 0xffff_ffff;

const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t size)');

/** A socket that left the bypass and needs a touch: `struct ss_wake`. */
export interface LeftSocket extends SocketName {
  /** The TCP_NOTSENT_LOWAT that it had before; all ones if it was lent none. */
  readonly lowat: number;
  /** Whether it was lent TCP_THIN_LINEAR_TIMEOUTS: 1 or 0. A socket that was lent nothing is one whose reader may wait although bytes are there. */
  readonly linear: number;
}

/** False when no process has the socket (any more). */
export function settle(socket: LeftSocket): boolean {
  const { lowat, linear } = socket;
  return borrow(socket, (fd) => {
    if (lowat === KEEP_LOWAT && !linear) return wake(fd);
    return (
      (lowat === KEEP_LOWAT || giveBack(fd, lowat)) && (!linear || switchOff(fd, TCP_THIN_LINEAR_TIMEOUTS))
    );
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

function switchOff(fd: number, option: number): boolean {
  const off = Buffer.alloc(4);
  return setsockopt(fd, SOL_TCP, option, off, off.length) === 0;
}

/** Unless its program has set another meanwhile. */
function giveBack(fd: number, lowat: number): boolean {
  const mark = socketOption(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 4);
  if (mark?.readUInt32LE() !== PLUGGED) return mark !== null;
  mark.writeUInt32LE(lowat);
  return setsockopt(fd, SOL_TCP, TCP_NOTSENT_LOWAT, mark, mark.length) === 0;
}
