import { constants } from 'node:os';
import { native } from './native.ts';

/** The kernel's own "not supported", which libc does not know. */
const ENOTSUPP = 524;

const names = new Map<number, string>([
  ...Object.entries(constants.errno).map(([name, number]): [number, string] => [number, name]),
  // Two names share a number; these are the ones that the kernel's documents use.
  [constants.errno.EAGAIN, 'EAGAIN'],
  [constants.errno.EOPNOTSUPP, 'EOPNOTSUPP'],
  [ENOTSUPP, 'ENOTSUPP'],
]);

/** libbpf or the kernel refused. */
export class BpfError extends Error {
  override readonly name = 'BpfError';
  /** What was tried, as a phrase: `load /path/x.bpf.o`. */
  readonly operation: string;
  /** Positive. Numbers of 4000 and more are libbpf's own. */
  readonly errno: number;
  /** `EPERM` and the like; `ERRNO_4003` for libbpf's own. */
  readonly code: string;
  /** libbpf's words, with the verifier's log inside where a program was refused; empty when it said nothing. At most 1 MiB: its end. */
  readonly log: string;

  constructor(operation: string, errno: number, log: string) {
    const code = names.get(errno) ?? `ERRNO_${errno}`;
    super(`Could not ${operation}: ${describe(errno)} (${code})`);
    this.operation = operation;
    this.errno = errno;
    this.code = code;
    this.log = log;
  }
}

function describe(errno: number): string {
  if (errno === ENOTSUPP) return 'Operation not supported';
  const text = Buffer.alloc(128);
  native.libbpf_strerror(errno, text, text.length);
  return text.toString('utf8', 0, text.indexOf(0));
}

/** Takes what libbpf has logged on this thread since the last call. */
export function takeLog(): string {
  const text = Buffer.alloc(native.shim_log_length());
  native.shim_log_take(text);
  return text.toString('utf8');
}

/** Passes a result of 0 or more through and throws on a negative errno. */
export function check(operation: string, result: number): number {
  if (result < 0) throw new BpfError(operation, -result, takeLog());
  return result;
}
