import { closeSync, readFileSync } from 'node:fs';
import { cString, Descriptor, type HasFd, infoByFd, pin } from './descriptor.ts';
import { BpfError, check } from './error.ts';
import { BpfLink } from './link.ts';
import { iteratorOptions, native } from './native.ts';

/** Of `enum bpf_attach_type`. */
export const BPF_CGROUP_SOCK_OPS = 3;
export const BPF_SK_MSG_VERDICT = 7;
export const BPF_TRACE_FENTRY = 24;
export const BPF_TRACE_ITER = 28;
const BPF_PERF_EVENT = 41;

const PROGRAM_INFO_SIZE = 80;

export interface ProgramInfo {
  readonly id: number;
  /** Of `enum bpf_prog_type`. */
  readonly type: number;
  /** At most 15 bytes of the name in the source. */
  readonly name: string;
}

/** A program in the kernel. */
export class BpfProgram implements Disposable {
  readonly #descriptor: HasFd & Partial<Disposable>;
  readonly #label: string;
  readonly #attachType: number;

  /** @internal */
  constructor(descriptor: HasFd & Partial<Disposable>, label: string, attachType: number) {
    this.#descriptor = descriptor;
    this.#label = label;
    this.#attachType = attachType;
  }

  /** The kernel does not remember where a program meant to be attached, so whoever will call `attachCgroup` says it. */
  static openPinned(path: string, attachType = BPF_CGROUP_SOCK_OPS): BpfProgram {
    return new BpfProgram(Descriptor.openPinned('the program', path), `the program ${path}`, attachType);
  }

  get fd(): number {
    return this.#descriptor.fd;
  }

  info(): ProgramInfo {
    const info = infoByFd(this.#label, this.fd, PROGRAM_INFO_SIZE);
    return { type: info.readUInt32LE(0), id: info.readUInt32LE(4), name: cString(info, 64, 16) };
  }

  /** Attached to the cgroup v2 folder behind `cgroupFd` and all below it, beside other programs, as long as the link is open or pinned. */
  attachCgroup(cgroupFd: number): BpfLink {
    const link = native.bpf_link_create(this.fd, cgroupFd, this.#attachType, null);
    return BpfLink.fromFd(check(`attach ${this.#label} to the cgroup`, link));
  }

  /** For `SEC("iter/…")`; `mapFd` is what iter/bpf_map_elem, iter/sockmap and iter/bpf_sk_storage_map visit. Run it with `readIterator`. */
  attachIterator(target: { readonly mapFd?: number } = {}): BpfLink {
    const options = target.mapFd === undefined ? null : iteratorOptions(target.mapFd);
    const link = native.bpf_link_create(this.fd, 0, BPF_TRACE_ITER, options);
    return BpfLink.fromFd(check(`attach the iterator ${this.#label}`, link));
  }

  /** For `SEC("fentry/…")`: runs on each call of that function of the kernel, on the whole host. */
  attachFunction(): BpfLink {
    const link = native.bpf_link_create(this.fd, 0, BPF_TRACE_FENTRY, null);
    return BpfLink.fromFd(check(`attach ${this.#label} to its function`, link));
  }

  /** For `SEC("tracepoint/…")`: runs on every hit, on the whole host. Tracefs must be mounted at /sys/kernel/tracing. */
  attachTracepoint(category: string, name: string): BpfLink {
    const id = tracepointId(category, name);
    const event = check(`open the tracepoint ${name}`, native.shim_tracepoint_open(id));
    try {
      const link = native.bpf_link_create(this.fd, event, BPF_PERF_EVENT, null);
      return BpfLink.fromFd(check(`attach ${this.#label} to the tracepoint ${name}`, link));
    } finally {
      closeSync(event);
    }
  }

  pin(path: string): void {
    pin(this.#label, this.fd, path);
  }

  /** A program of an object is closed with the object; then this does nothing. */
  close(): void {
    this.#descriptor[Symbol.dispose]?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function tracepointId(category: string, name: string): number {
  try {
    return Number(readFileSync(`/sys/kernel/tracing/events/${category}/${name}/id`, 'utf8'));
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    throw new BpfError(`find the tracepoint ${category}/${name}`, -errno, '');
  }
}

/**
 * For programs that are attached to a map without a link, such as `sk_msg` to a SOCKHASH (`BPF_SK_MSG_VERDICT`). Holds until
 * `detachFromMap` or the map's end; sockets that are already in the map keep the program they came in with.
 */
export function attachToMap(programFd: number, mapFd: number, type: number): void {
  check('attach the program to the map', native.bpf_prog_attach(programFd, mapFd, type, 0));
}

export function detachFromMap(programFd: number, mapFd: number, type: number): void {
  check('detach the program from the map', native.bpf_prog_detach2(programFd, mapFd, type));
}
