import { closeSync } from 'node:fs';
import { promisify } from 'node:util';
import { Descriptor, infoByFd, pin } from './descriptor.ts';
import { check } from './error.ts';
import { native } from './native.ts';

const BPF_LINK_TYPE_CGROUP = 3;
const LINK_INFO_SIZE = 64;
const CHUNK = 65_536;
const RUN = 'run the iterator';

export interface LinkInfo {
  readonly id: number;
  /** Of `enum bpf_link_type`. */
  readonly type: number;
  /** The id of the attached program. */
  readonly programId: number;
  /** Of the cgroup it is attached to: 0 once it was detached or the cgroup is gone; null for other kinds of link. */
  readonly cgroupId: bigint | null;
}

/** An attachment. It ends when it is neither open nor pinned anywhere, or with `detach`. */
export class BpfLink implements Disposable {
  readonly #descriptor: Descriptor;

  private constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor;
  }

  /** @internal */
  static fromFd(fd: number): BpfLink {
    return new BpfLink(new Descriptor('the link', fd));
  }

  static openPinned(path: string): BpfLink {
    return new BpfLink(Descriptor.openPinned('the link', path));
  }

  get fd(): number {
    return this.#descriptor.fd;
  }

  info(): LinkInfo {
    const info = infoByFd('the link', this.fd, LINK_INFO_SIZE);
    const type = info.readUInt32LE(0);
    return {
      type,
      id: info.readUInt32LE(4),
      programId: info.readUInt32LE(8),
      cgroupId: type === BPF_LINK_TYPE_CGROUP ? info.readBigUInt64LE(16) : null,
    };
  }

  /** Puts another program in the place of this one, without a moment in which none is attached. */
  update(program: { readonly fd: number }): void {
    check('update the link', native.bpf_link_update(this.fd, program.fd, null));
  }

  /** Ends the attachment at once, wherever else the link is open or pinned. */
  detach(): void {
    check('detach the link', native.bpf_link_detach(this.fd));
  }

  pin(path: string): void {
    pin('the link', this.fd, path);
  }

  close(): void {
    this.#descriptor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Runs an iterator once over everything it visits, and returns what it wrote. Whenever it has written `atOnce` bytes, others have their turn on
 * this CPU.
 */
export function readIterator(link: BpfLink, atOnce: number = CHUNK): Buffer {
  const fd = openIterator(link);
  const chunks: Buffer[] = [];
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = check(RUN, native.shim_iterator_read(fd, chunk, CHUNK, atOnce));
      chunks.push(chunk.subarray(0, length));
      if (length < CHUNK) return Buffer.concat(chunks);
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens an iterator, which then visits what this thread sees at this moment: iterators over sockets those of its network namespace. Hand
 * it to `readInBackground`.
 */
export function openIterator(link: BpfLink): number {
  return check('start the iterator', native.bpf_iter_create(link.fd));
}

/** Runs an open iterator on another thread, closes it, and returns what it wrote. `atOnce` as in `readIterator`. */
export async function readInBackground(fd: number, atOnce: number = CHUNK): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = check(RUN, await readOnThread(fd, chunk, CHUNK, atOnce));
      chunks.push(chunk.subarray(0, length));
      if (length < CHUNK) return Buffer.concat(chunks);
    }
  } finally {
    closeSync(fd);
  }
}

const readOnThread = promisify(native.shim_iterator_read.async);
