import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { fileIdAt } from './file-id.ts';

const { COPYFILE_EXCL, O_APPEND, O_CREAT, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
const STANDARD_OUTPUT = 1;
/** Bytes of the log's file; as much again is kept of what was before. */
const MOST = 5 * 1024 * 1024;

/**
 * Takes the lines of the log, for a file of its own or for standard output. Never waits and never throws: what nobody takes, because
 * the terminal has gone, the reader of the pipe has stopped reading or the disk is full, is counted, and the count is said as soon as
 * something is taken again.
 */
export class LogOutput {
  readonly #path: string | null;
  readonly #most: number;
  #fd: number;
  #id: string | null;
  #lost = 0;
  /** The last line went out in part. */
  #torn = false;

  /** `path` null: standard output. Throws when the file cannot be opened. `most` is its size in bytes before it is begun afresh. */
  constructor(path: string | null, most = MOST) {
    this.#path = path;
    this.#most = most;
    this.#fd = path === null ? standardOutput() : openFile(path);
    this.#id = path && fileIdAt(path);
  }

  /** Whole lines. */
  write(text: string): void {
    try {
      this.#turnOver();
      const missing = this.#lost > 0 ? `Lines missing here: ${this.#lost}. Nobody could take them.\n` : '';
      const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${missing}${text}`);
      const written = writeSync(this.#fd, bytes);
      this.#torn = written < bytes.length;
      this.#lost = this.#torn ? this.#lost + 1 : 0;
    } catch {
      this.#lost++;
    }
  }

  /** Keeps the file small, and goes on in a new one when somebody has taken it away. */
  #turnOver(): void {
    if (this.#path === null) return;
    if (fileIdAt(this.#path) !== this.#id) this.#openAgain(this.#path);
    else if (fstatSync(this.#fd).size > this.#most) this.#beginAfresh(this.#path);
  }

  #openAgain(path: string): void {
    const fd = openFile(path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#id = fileIdAt(path);
  }

  /** The file stays the same one: standard error may lead there too. */
  #beginAfresh(path: string): void {
    const older = `${path}.1`;
    try {
      rmSync(older, { force: true });
      copyFileSync(path, older, COPYFILE_EXCL);
    } finally {
      // Also where there was no room for a copy: a full disk is no place to go on growing.
      ftruncateSync(this.#fd, 0);
    }
  }
}

/** Never through a link, which somebody else may have put there. */
const openFile = (path: string) =>
  openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600);

/** Opened once more, so that it does not wait, which whoever shares it with us may well want. A socket cannot be opened. */
function standardOutput(): number {
  try {
    return openSync(`/proc/self/fd/${STANDARD_OUTPUT}`, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
  } catch {
    return STANDARD_OUTPUT;
  }
}
