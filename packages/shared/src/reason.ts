import { z } from 'zod';

/**
 * Why a direction of a connection takes the stack. The words are the same in the interface, the command line, the API and
 * the documents, and `code` is the same number that `bpf/sidestep.h` calls `SS_REASON_…` (a test compares the two).
 *
 * `lasting`: whether the reason can go away while the connection stays open.
 */
// biome-ignore format: a table, one reason a line
export const REASONS = [
  { code: 1, words: 'warming up', lasting: false, means: 'The connection is new. It starts on the stack and moves to the bypass once it has shown a few requests and answers, or that it is a stream which gains by it, and it is known which programs use it.' },
  { code: 2, words: 'not paired', lasting: true, means: 'The other end was not recognised when the first bytes were sent: TCP Fast Open, a SYN proxy, or a connection that was open before Sidestep was switched on.' },
  { code: 3, words: 'blocking reader', lasting: false, means: 'The receiving program reads from a blocking socket, which may see errors it does not expect when data takes the bypass. It can be allowed in the settings.' },
  { code: 4, words: 'streaming', lasting: false, means: 'Data flows without waiting for answers, one way or both. The stack was measured to carry it faster than the bypass, or batches it.' },
  { code: 5, words: 'queue full', lasting: false, means: 'The receiver fell behind and its queue reached the cap, which is 16 KiB where the sender has set TCP_USER_TIMEOUT. TCP applies back pressure from here on.' },
  { code: 6, words: 'switched off', lasting: false, means: 'Acceleration is off or draining.' },
  { code: 7, words: 'low-water mark', lasting: true, means: 'The receiver set SO_RCVLOWAT, which the bypass cannot honour.' },
  { code: 8, words: 'zero-copy sender', lasting: true, means: 'The sender uses MSG_ZEROCOPY, whose completions never arrive on the bypass.' },
  { code: 9, words: 'special socket', lasting: true, means: 'The socket has an upper-layer protocol (kernel TLS), is part of MPTCP, belongs to the kernel, or has had another connection before.' },
  { code: 10, words: 'bytes on the stack', lasting: false, means: 'Bytes that went by TCP are still unread; changing the path now would reorder them.' },
  { code: 11, words: 'table full', lasting: true, means: 'The table of connections was full when this one opened. Such connections are counted, not listed; the option --max-connections of the daemon makes the table larger.' },
  { code: 12, words: 'refused by the kernel', lasting: true, means: 'The kernel did not accept the socket into the map.' },
  { code: 13, words: 'closing', lasting: true, means: 'One end has closed or half-closed the connection.' },
  {
    code: 14,
    words: 'splicing reader',
    lasting: false,
    means: 'One of the programs moves data with splice(), which never sees what takes the bypass, or was built so that it could. Proxies written in Go and HAProxy do. The settings list such programs, and release those of which you know that they will not.',
  },
  {
    code: 15,
    words: 'asking reader',
    lasting: true,
    means: 'One of the programs asks with FIONREAD how many bytes wait, as nginx, Java and .NET do, and this kernel does not count those that take the bypass: the program would wait for them for ever. Newer kernels count them.',
  },
  { code: 16, words: 'kept by a rule', lasting: false, means: 'The settings keep the port of its server on the stack. The connection may take the bypass once the port is taken out there.' },
  {
    code: 17,
    words: 'cheaper on TCP',
    lasting: false,
    means: 'These two programs were seen to move more bytes over TCP, or to work less for them, when both paths were tried in turn, as it happens with bulk between two processors. Both are tried again from time to time.',
  },
  { code: 18, words: 'short of memory', lasting: false, means: 'The kernel has little memory left for the receiver’s sockets: the host’s tcp_mem, or its cgroup’s limit. TCP slows the sender down; the bypass would fail its send.' },
  { code: 19, words: 'fixed buffer', lasting: false, means: 'A message was larger than what the receiver’s buffer has room for beside what TCP was promised, and the buffer does not grow: its program has set SO_RCVBUF, or the host’s TCP memory is above the first value of tcp_mem. Or it was larger than 16 KiB, and its sender has set TCP_USER_TIMEOUT. Smaller messages take the bypass.' },
  { code: 20, words: 'network refresh', lasting: false, means: 'Its ends are in two network namespaces, or an address is translated on the way (NAT, or a load balancer such as IPVS). So that no firewall takes such a connection for idle and forgets it, a probe of TCP passes once a minute; where both ends have a keepalive or a TCP_USER_TIMEOUT of their own it goes by TCP for a few messages every four minutes instead.' },
  { code: 21, words: 'unreadable program', lasting: false, means: 'The executable file of one of the programs could not be read, so nobody knows whether it moves data with splice(). It is on a FUSE file system that lets in nobody else, as in rootless containers and AppImages (its option allow_other lets the daemon in), or on a server that does not answer. It is tried again every minute; or release it in the settings, if you know that it does not.' },
] as const;

export type Reason = (typeof REASONS)[number]['words'];

export const reasonSchema = z.enum(REASONS.map((reason) => reason.words) as [Reason, ...Reason[]]);

const WORDS: ReadonlyMap<number, Reason> = new Map(REASONS.map(({ code, words }) => [code, words]));

export function reasonFromCode(code: number): Reason | null {
  return WORDS.get(code) ?? null;
}
