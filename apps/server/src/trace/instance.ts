import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Lines } from './lines.ts';

const TRACEFS_MAGIC = 0x74726163;
const PREFIX = 'sidestep-';
const CHUNK_BYTES = 65_536;
/** Keeps one look short when the kernel writes faster than we read. */
const CHUNKS_PER_READ = 16;
/** What the kernel says of an instance that somebody else removes at this moment. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENODEV']);
const TRIES = 5;

/** Whether tracefs is mounted at `root`. */
export function hasTracefs(root: string): boolean {
  try {
    return statfsSync(root).type === TRACEFS_MAGIC;
  } catch {
    return false;
  }
}

/** Removes the instances of daemons that died. The kernel refuses to remove one that somebody reads. */
export function removeLeftOvers(root: string): void {
  for (const name of readdirSync(join(root, 'instances'))) {
    if (name.startsWith(PREFIX)) removeUnlessRead(join(root, 'instances', name));
  }
}

function removeUnlessRead(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EBUSY' && !GONE.has(code)) throw error;
  }
}

/** A tracefs instance of our own: it gets every `bpf_printk` line, and takes none away from other readers. */
export class TraceInstance implements Disposable {
  readonly #path: string;
  readonly #pipe: number;
  readonly #lines = new Lines();
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);

  /** `key` tells instances of several daemons apart. Throws what the kernel says. */
  constructor(root: string, key: string) {
    this.#path = join(root, 'instances', PREFIX + key);
    this.#pipe = openInstance(this.#path);
  }

  /** The whole lines that have come since the last look. Never waits. */
  readLines(): string[] {
    const lines: string[] = [];
    for (let chunk = 0; chunk < CHUNKS_PER_READ; chunk++) {
      const length = this.#readChunk();
      if (length === 0) break;
      lines.push(...this.#lines.take(this.#buffer.subarray(0, length)));
    }
    return lines;
  }

  /** An instance that somebody else reads at this moment is left over, for `removeLeftOvers` to remove later. */
  [Symbol.dispose](): void {
    closeSync(this.#pipe);
    removeUnlessRead(this.#path);
  }

  #readChunk(): number {
    try {
      return readSync(this.#pipe, this.#buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }
}

/**
 * Makes the instance and opens its pipe. A daemon that starts at the same moment may take it for a left-over, as long as nobody
 * reads it: then it is made again.
 */
function openInstance(path: string): number {
  for (let attempt = 1; ; attempt++) {
    mkdirSync(path, { recursive: true });
    try {
      writeFileSync(join(path, 'events/bpf_trace/bpf_trace_printk/enable'), '1');
      return openSync(join(path, 'trace_pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (GONE.has((error as NodeJS.ErrnoException).code) && attempt < TRIES) continue;
      removeUnlessRead(path);
      throw error;
    }
  }
}
