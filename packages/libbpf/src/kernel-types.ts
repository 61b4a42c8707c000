import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Kind } from './btf.ts';
import { takeLog } from './error.ts';
import { native, type Pointer } from './native.ts';
import { BPF_TRACE_FENTRY, BPF_TRACE_ITER } from './program.ts';

/** What kernels name the functions of their own that stand for a target. */
const TRACING = {
  iterator: { attachType: BPF_TRACE_ITER, prefix: 'bpf_iter_' },
  function: { attachType: BPF_TRACE_FENTRY, prefix: '' },
} as const;

/** At 0 functions are not patched, and attaching to one succeeds all the same. Not there on kernels that patch them in another way. */
const FUNCTION_TRACING = '/proc/sys/kernel/ftrace_enabled';

const { EAGAIN, EINTR, EMFILE, ENFILE, ENOENT, ENOMEM } = constants.errno;
/** Said for want of something, which says nothing about the kernel. */
const WANTING: readonly number[] = [EAGAIN, EINTR, EMFILE, ENFILE, ENOMEM];

/** By name: what a kernel takes it takes as long as this process lives, and what it does not take, too. */
const answers = new Map<string, boolean>();

/**
 * The kernel's own types, and what it takes of what goes by them. To read them takes a twentieth of a second of CPU and some megabytes, so that
 * is done once, at the first question that has no answer yet, and they are kept for further ones until `close`.
 */
export class KernelTypes implements Disposable {
  #btf: Pointer | null = null;

  /**
   * Whether this kernel takes `SEC("iter/TARGET")` or `SEC("fentry/TARGET")`, tried by loading a program that does nothing. Kernels differ, and some
   * allow neither of them to anybody; a few load what they cannot attach.
   */
  takesTracing(kind: keyof typeof TRACING, target: string): boolean {
    // A setting, which may change at any moment.
    if (kind === 'function' && !functionsArePatched()) return false;
    const { attachType, prefix } = TRACING[kind];
    const name = `${prefix}${target}`;
    const known = answers.get(name);
    if (known !== undefined) return known;
    takeLog();
    const taken = this.#try(attachType, name);
    takeLog();
    return taken;
  }

  #try(attachType: number, name: string): boolean {
    this.#btf ??= native.btf__load_vmlinux_btf();
    // Whoever shows none now may do so later.
    if (this.#btf === null) return false;
    const type = native.btf__find_by_name_kind(this.#btf, name, Kind.FUNC);
    const result = type < 0 ? -ENOENT : native.shim_try_tracing(attachType, type);
    if (!WANTING.includes(-result)) answers.set(name, result === 0);
    return result === 0;
  }

  close(): void {
    if (this.#btf !== null) native.btf__free(this.#btf);
    this.#btf = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function functionsArePatched(): boolean {
  return !existsSync(FUNCTION_TRACING) || readFileSync(FUNCTION_TRACING, 'utf8').trim() !== '0';
}
