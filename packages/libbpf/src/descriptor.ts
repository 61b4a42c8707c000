import { closeSync } from 'node:fs';
import { BpfError, check } from './error.ts';
import { native } from './native.ts';

const EBADF = 9;

/** A file descriptor that this process owns, closed once. */
export class Descriptor implements Disposable {
  readonly #what: string;
  #fd: number | null;

  constructor(what: string, fd: number) {
    this.#what = what;
    this.#fd = fd;
  }

  static openPinned(what: string, path: string): Descriptor {
    return new Descriptor(what, check(`open ${what} at ${path}`, native.bpf_obj_get(path)));
  }

  /** Throws once it is closed: the number may belong to something else by then. */
  get fd(): number {
    if (this.#fd === null) throw new BpfError(`use ${this.#what}, which is closed`, EBADF, '');
    return this.#fd;
  }

  close(): void {
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Anything that has a descriptor and can say which kind of thing it is. */
export interface HasFd {
  readonly fd: number;
}

/** Keeps what is behind `fd` alive under a path in bpffs, whose folder must exist. Remove the file to let go of it. */
export function pin(what: string, fd: number, path: string): void {
  check(`pin ${what} at ${path}`, native.bpf_obj_pin(fd, path));
}

/** `bpf_obj_get_info_by_fd`: the kernel's `bpf_map_info`, `bpf_prog_info` or `bpf_link_info`; what it does not fill is zero. */
export function infoByFd(what: string, fd: number, size: number): Buffer {
  const info = Buffer.alloc(size);
  check(`ask about ${what}`, native.bpf_obj_get_info_by_fd(fd, info, Uint32Array.of(size)));
  return info;
}

export function cString(buffer: Buffer, offset: number, size: number): string {
  const end = buffer.indexOf(0, offset);
  return buffer.toString('utf8', offset, end < 0 || end > offset + size ? offset + size : end);
}
