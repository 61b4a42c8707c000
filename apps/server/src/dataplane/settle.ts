import { libc } from '../host/libc.ts';
import { borrow, SOL_SOCKET, type SocketName, socketOption } from './borrow.ts';
import { Descriptors } from './descriptors.ts';

const SO_KEEPALIVE = 9;
const SO_RCVLOWAT = 18;
const SOL_TCP = 6;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_THIN_LINEAR_TIMEOUTS = 16;
const TCP_NOTSENT_LOWAT = 25;
/** What the programs in the kernel set them to: bpf/lend.bpf.h. */
const PLUGGED = [1, 131_073];
const SILENCE_SECONDS = 1;
const LOST_PROBES = 127;
/** `SS_LENT_…` in bpf/sidestep.h. */
const LENT_LOWAT = 1;
const LENT_LINEAR = 2;
const LENT_KEEPALIVE = 8;

const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t size)');

/** A socket that left the bypass and needs a touch: `struct ss_wake`. */
export interface LeftSocket extends SocketName {
  /** Mask of what it was lent: `SS_LENT_…`; 0 for a socket whose reader may wait although bytes are there. */
  readonly lent: number;
  /** The TCP_NOTSENT_LOWAT that it had before. */
  readonly lowat: number;
  /** The numbers of its keepalive as they were before, which was off; absent where the programs are of a version that lends none. */
  readonly keepalive?: Keepalive;
}

/** `struct ss_keepalive`. */
interface Keepalive {
  /** Seconds. */
  readonly idle: number;
  /** Seconds. */
  readonly interval: number;
  readonly probes: number;
}

/** One after the other, each process read once for all of them. */
export function settleAll(sockets: readonly LeftSocket[]): void {
  const descriptors = new Descriptors();
  for (const socket of sockets) settle(socket, descriptors);
}

/** False when no process has the socket (any more). */
export function settle(socket: LeftSocket, descriptors = new Descriptors()): boolean {
  const { lent, lowat, keepalive } = socket;
  return borrow(socket, descriptors, (fd) => {
    if (lent === 0) return wake(fd);
    const given = [
      (lent & LENT_LOWAT) === 0 || giveBack(fd, TCP_NOTSENT_LOWAT, PLUGGED, lowat),
      (lent & LENT_LINEAR) === 0 || setOption(fd, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, 0),
      (lent & LENT_KEEPALIVE) === 0 || !keepalive || giveKeepaliveBack(fd, keepalive),
    ];
    return given.every(Boolean);
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

function setOption(fd: number, level: number, option: number, number: number): boolean {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(number);
  return setsockopt(fd, level, option, value, value.length) === 0;
}

/** Unless its program has set another meanwhile. */
function giveBack(fd: number, option: number, lent: readonly number[], before: number): boolean {
  const value = socketOption(fd, SOL_TCP, option, 4);
  if (!value || !lent.includes(value.readUInt32LE())) return value !== null;
  return setOption(fd, SOL_TCP, option, before);
}

/** What its program has set meanwhile stays. The second of silence shows whose it is, so that goes last. */
function giveKeepaliveBack(fd: number, { idle, interval, probes }: Keepalive): boolean {
  const isOurs = socketOption(fd, SOL_TCP, TCP_KEEPIDLE, 4)?.readUInt32LE() === SILENCE_SECONDS;
  return (
    giveBack(fd, TCP_KEEPINTVL, [SILENCE_SECONDS], interval) &&
    giveBack(fd, TCP_KEEPCNT, [LOST_PROBES], probes) &&
    (!isOurs || setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 0)) &&
    giveBack(fd, TCP_KEEPIDLE, [SILENCE_SECONDS], idle)
  );
}
